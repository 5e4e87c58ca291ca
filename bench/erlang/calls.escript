#!/usr/bin/env escript
%% Calls of a gen_server a second, as a baseline for messages between actors (bench/calls): prints
%% a line of JSON for each of the loads that `troupe bench --only messages` has as well.
-mode(compile).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2]).

init(_) -> {ok, none}.
handle_call({_, N}, _From, State) -> {reply, N, State}.
handle_cast(_, State) -> {noreply, State}.

%% What the benchmark's envelope says (bench/messages.cpp). Each is another one: a constant would
%% not be copied to its receiver.
what(ping, _) -> ping;
what(envelope, N) ->
    #{id => <<"m1">>, from => <<"agent:bench.dev">>, to => <<"agent:bench.pm">>, kind => question,
      hops => N, parts => [#{text => <<"Which column holds the name?">>, part => N}]}.

call_until(Server, What, Counted, N) ->
    1 = gen_server:call(Server, {what(What, N), 1}, infinity),
    case N rem 64 of
        63 -> counters:add(Counted, 1, 64);
        _ -> ok
    end,
    call_until(Server, What, Counted, N + 1).

%% Closed: each caller waits for the answer before it calls again.
measure(Name, Callers, What, Seconds) ->
    {ok, Server} = gen_server:start(?MODULE, none, []),
    Counted = counters:new(1, [write_concurrency]),
    Pids = [spawn(fun() -> call_until(Server, What, Counted, 0) end) || _ <- lists:seq(1, Callers)],
    timer:sleep(1000), % warm
    Before = counters:get(Counted, 1),
    Began = erlang:monotonic_time(microsecond),
    timer:sleep(round(Seconds * 1000)),
    Took = erlang:monotonic_time(microsecond) - Began,
    Calls = counters:get(Counted, 1) - Before,
    [exit(P, kill) || P <- Pids],
    gen_server:stop(Server),
    io:format("{\"what\": \"~s\", \"at_once\": ~b, \"per_second\": ~b, \"otp\": \"~s\"}~n",
              [Name, Callers, round(Calls * 1.0e6 / Took), erlang:system_info(otp_release)]).

main([Text]) ->
    Seconds = list_to_integer(Text),
    measure("call", 1, ping, Seconds),
    measure("call", 64, ping, Seconds),
    measure("envelope", 1, envelope, Seconds),
    measure("envelope", 64, envelope, Seconds),
    measure("call", 1000, ping, Seconds);
main(_) ->
    io:format(standard_error, "usage: bench/erlang/calls.escript SECONDS~n", []),
    halt(2).
