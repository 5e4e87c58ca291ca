#include "daemon/outgoing_text.hpp"
#include "daemon/output_reader.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::local;

namespace {

struct listener {
  std::vector<std::string> progress;
  std::vector<tool_message> said;
  reader_events events() {
    return {[this](std::string t) { progress.push_back(std::move(t)); },
            [this](tool_message m) { said.push_back(std::move(m)); }};
  }
};

runner_profile profile(std::string const& name) {
  return load_profiles().value().at(name);
}

tool_verdict read_all(std::string const& name, std::vector<std::string> const& lines, int exit_code,
                      listener& heard, link::order_kind kind = link::order_kind::work) {
  auto reader = make_reader(profile(name), heard.events());
  for (auto const& l : lines)
    reader->line(l);
  return reader->end(exit_code, kind);
}

std::string const claude_start =
    R"({"type":"system","subtype":"init","session_id":"s-1","model":"m","tools":[]})";
std::string const claude_text =
    R"({"session_id":"s-1","type":"assistant","message":{"id":"1","content":[{"type":"text","text":"I look."}]}})";
std::string const claude_tool =
    R"({"type":"assistant","message":{"id":"2","content":[{"type":"tool_use","id":"t","name":"Edit","input":{"file_path":"/home/x/src/a.py","new_string":"secret source"}}]}})";

std::string claude_result(std::string const& members) {
  return R"({"duration_ms":5,"session_id":"s-1","type":"result","subtype":"success",)" + members +
         "}";
}

} // namespace

TEST_CASE("reader: Claude's stream gives progress, session, usage and summary", "[daemon]") {
  listener heard;
  auto const v = read_all(
      "claude",
      {claude_start, claude_text, claude_tool,
       claude_result(
           R"("is_error":false,"result":"Done.","total_cost_usd":0.0123,"usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":3,"output_tokens":7})")},
      0, heard);
  CHECK(v.how == link::outcome::done);
  CHECK(v.session == "s-1");
  CHECK(v.summary == "Done.");
  CHECK(v.used.input_tokens == 18);
  CHECK(v.used.output_tokens == 7);
  CHECK(v.used.cost_micros == 12300);
  CHECK(heard.progress == std::vector<std::string>{"I look.", "uses Edit on a.py"});
}

TEST_CASE("reader: Claude's end is judged by is_error, exit code and result line", "[daemon]") {
  listener heard;
  auto const missing = read_all("claude", {claude_start, claude_text}, 143, heard);
  CHECK(missing.how == link::outcome::failed);
  auto const [status, text, why] = GENERATE(
      table<int, std::string, reason>({{401, "Invalid API key", reason::auth},
                                       {429, "too fast", reason::rate_limited},
                                       {529, "Overloaded", reason::provider_server},
                                       {400, "prompt is too long: 1 > 0", reason::context_overflow},
                                       {400, "something", reason::invalid_output}}));
  auto const v = read_all("claude",
                          {claude_result(R"("is_error":true,"api_error_status":)" +
                                         std::to_string(status) + R"(,"result":")" + text + "\"")},
                          1, heard);
  CHECK(v.how == link::outcome::failed);
  CHECK(v.why == why);
}

TEST_CASE("reader: a usage limit with its time says when to go on", "[daemon]") {
  listener heard;
  auto const v = read_all(
      "claude",
      {claude_result(R"("is_error":true,"result":"Claude AI usage limit reached|1760000000")")}, 1,
      heard);
  CHECK(v.why == reason::rate_limited);
  CHECK(v.resume_at.time_since_epoch() == std::chrono::seconds{1760000000});
}

TEST_CASE("reader: a model's review needs its verdict line", "[daemon]") {
  listener heard;
  auto const review = [&](std::string const& text) {
    return read_all("claude", {claude_result(R"("is_error":false,"result":")" + text + "\"")}, 0,
                    heard, link::order_kind::review);
  };
  CHECK(review("Fine.\\nVERDICT: APPROVED").how == link::outcome::done);
  auto const no = review("- a.py: no test\\n- b.py: wrong\\n**VERDICT: CHANGES_REQUESTED**");
  CHECK(no.how == link::outcome::changes_requested);
  CHECK(no.notes == std::vector<std::string>{"a.py: no test", "b.py: wrong"});
  CHECK(review("Looks good to me").how == link::outcome::failed);
}

TEST_CASE("reader: Codex' lines", "[daemon]") {
  listener heard;
  std::vector<std::string> const lines{
      R"({"type":"thread.started","thread_id":"t-9"})",
      R"({"type":"turn.started"})",
      R"({"type":"item.completed","item":{"id":"1","type":"command_execution","command":"cat x","aggregated_output":"source"}})",
      R"({"type":"item.completed","item":{"id":"2","type":"file_change","changes":[{"path":"src/a.py","kind":"update"}]}})",
      R"({"type":"item.completed","item":{"id":"3","type":"agent_message","text":"Mended."}})",
      R"({"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":50,"output_tokens":20}})"};
  auto const v = read_all("codex", lines, 0, heard);
  CHECK(v.how == link::outcome::done);
  CHECK(v.session == "t-9");
  CHECK(v.summary == "Mended.");
  CHECK(v.used.input_tokens == 100);
  CHECK(heard.progress == std::vector<std::string>{"ran a command", "changed a.py", "Mended."});
  auto const bad = read_all("codex",
                            {R"({"type":"error","message":"stream disconnected"})",
                             R"({"type":"turn.failed","error":{"message":"stream disconnected"}})"},
                            1, heard);
  CHECK(bad.how == link::outcome::failed);
  CHECK(bad.why == reason::provider_network);
  CHECK(read_all("codex", {lines[0]}, 0, heard).how == link::outcome::failed);
}

TEST_CASE("reader: lines that only look like messages are ignored", "[daemon]") {
  listener heard;
  auto const v =
      read_all("command",
               {"{", "{}", "{not json}", "[]", "null", R"({"type":7})", R"({"type":"new"})",
                R"({"type":"question"})", R"({"type":"usage","input_tokens":-5})",
                R"({"type":"result","notes":"x","summary":7})"},
               0, heard);
  CHECK(v.how == link::outcome::done);
  CHECK(v.summary.empty());
  CHECK(v.used.input_tokens == 0);
}

TEST_CASE("outgoing text: code, secrets, broken UTF-8 and length", "[daemon]") {
  CHECK(outgoing_text("a\n```py\nx = 1\n```\nb", 100) == "a\n[code]\nb");
  CHECK(outgoing_text("a\n```py\nx = 1", 100) == "a\n[code]");
  CHECK(outgoing_text("a\n```\nx\n```", 100, true) == "a\n```\nx\n```");
  CHECK(outgoing_text("ok \xff\xc3(", 100) == "ok \xef\xbf\xbd\xef\xbf\xbd(");
  CHECK(outgoing_text("bell\a", 100) == "bell ");
  CHECK(outgoing_text("äää", 4) == "ää…");
  // Cut in the middle of a secret, it must not show its first half.
  CHECK(outgoing_text("ghp_0123456789abcdefghijABCDEFGHIJ012345", 20).find("ghp_") ==
        std::string::npos);
}
