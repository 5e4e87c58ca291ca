#pragma once

#include "gateway/client/http_client.hpp"
#include "protocol/json.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/temporary_folder.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

/// The real server as a process of its own, with a ledger in a temporary folder, and a client.
namespace troupe::test {

struct api_answer {
  int status = 0; ///< 0: no answer; then `body` says why
  std::map<std::string, std::string> headers;
  std::string body;
  json::object json; ///< of the body, where it is one
  [[nodiscard]] std::string text(std::string_view key) const;
};

/// The string member of an object, or empty.
[[nodiscard]] std::string text_at(json::value const& v, std::string_view key);

class api_lab {
public:
  using headers = std::map<std::string, std::string>;

  /// Starts the server and waits until it answers.
  explicit api_lab(std::vector<std::string> more_arguments = {});

  void open();
  /// Further arguments of the next `open`.
  void more(std::vector<std::string> const& arguments) {
    more_.insert(more_.end(), arguments.begin(), arguments.end());
  }
  void stop();  ///< as asked, with SIGTERM; exit code 0
  void crash(); ///< kill -9
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string const& url() const { return url_; }
  [[nodiscard]] std::string const& token() const { return admin_; }
  [[nodiscard]] std::filesystem::path data() const { return home_.path() / "data"; }
  [[nodiscard]] std::filesystem::path const& home() const { return home_.path(); }
  [[nodiscard]] std::string log() const { return text_of(home_.path() / "server.log"); }

  /// One request with the administrator's token, unless `more` has another `Authorization`.
  [[nodiscard]] api_answer call(std::string const& method, std::string const& path,
                                std::string const& body, headers more) const;
  [[nodiscard]] api_answer get(std::string const& path, headers more = {}) const;
  /// POST of JSON text.
  [[nodiscard]] api_answer post(std::string const& path, std::string const& body = {},
                                headers more = {}) const;
  [[nodiscard]] api_answer put(std::string const& path, std::string const& body) const;
  [[nodiscard]] api_answer patch(std::string const& path, std::string const& body) const;
  [[nodiscard]] api_answer remove(std::string const& path) const;
  /// POST of a transcript's bytes.
  [[nodiscard]] api_answer source(std::string const& bytes, headers more = {}) const;

  /// Everything that a refusal must leave alone: how many events there are and which is the last,
  /// and the credentials, which are not among the events that the API shows.
  [[nodiscard]] std::string mark() const;
  /// The same when nothing has changed for a moment: agents and timers have had their say.
  [[nodiscard]] std::string quiet_mark() const;
  [[nodiscard]] json::array events(std::string const& filter = {}) const;
  [[nodiscard]] bool healthy() const;

  /// A project `duration`, with more configuration as JSON members.
  void project(std::string const& more_config = {}) const;
  /// A brief of the project that waits for its approval; its id.
  [[nodiscard]] std::string pending_brief() const;
  /// A plan that waits for its approval; its id.
  [[nodiscard]] std::string pending_plan(std::string const& brief) const;
  /// An approved plan whose run has opened its tickets; the run's id.
  [[nodiscard]] std::string running(std::string const& plan) const;
  /// A new token with the role.
  [[nodiscard]] std::string token_for(std::string const& role) const;
  [[nodiscard]] static headers as(std::string const& token);

private:
  temporary_folder home_;
  int port_;
  std::string url_;
  std::vector<std::string> more_;
  std::string admin_;
  std::unique_ptr<background> server_;
};

/// The same with a project `duration`.
class project_lab : public api_lab {
public:
  project_lab() { project(); }
};

/// What the ticket at this address waits for; empty where it lacks nothing.
[[nodiscard]] json::object lacks_of(api_lab const& lab, std::string const& path);

/// The one approval that waits for a decision on the brief or plan as it is now: one of what it was
/// before may wait for a moment, too. Empty where it is not so.
[[nodiscard]] std::string waiting_approval(api_lab const& lab, std::string const& kind,
                                           std::string const& id);

/// Adds the agent `homer` with the role `poet` to the project `duration`.
void hire_poet(api_lab const& lab);

/// Checks that an answer is a complete problem with this status and code; its body.
json::object refused(api_answer const& a, int status, std::string_view code);

/// A refusal must leave everything as it was: takes the mark, and compares at its end.
class unchanged {
public:
  explicit unchanged(api_lab const& lab) : lab_(lab), before_(lab.quiet_mark()) {}
  ~unchanged() noexcept(false);
  unchanged(unchanged const&) = delete;
  unchanged& operator=(unchanged const&) = delete;

private:
  api_lab const& lab_;
  std::string const before_;
};

/// A project's server that every request of a test must leave as it is.
struct refusing_lab {
  project_lab lab;
  unchanged const guard{lab};
};

/// A follower of `/api/stream`, or of another stream, on a thread of its own.
class stream_reader {
public:
  stream_reader(api_lab const& lab, std::string const& query, std::string const& last_id = {},
                std::string const& token = {}, std::string const& path = "/api/stream");
  /// The same of any server.
  stream_reader(std::string const& url, api_lab::headers const& headers);
  ~stream_reader();
  stream_reader(stream_reader const&) = delete;
  stream_reader& operator=(stream_reader const&) = delete;

  [[nodiscard]] std::vector<stream_event> got() const;
  [[nodiscard]] bool wait_for(std::function<bool(std::vector<stream_event> const&)> const& so);
  /// Waits until an event about this entity is there.
  [[nodiscard]] bool hears_of(std::string const& entity);
  /// Waits until the server has begun to answer.
  [[nodiscard]] bool opens();
  /// Whether the stream ended by itself.
  [[nodiscard]] bool ends();
  [[nodiscard]] result<void> outcome() const;
  void stop();

private:
  void begin(std::string const& url, api_lab::headers const& headers);

  mutable std::mutex mutex_;
  std::condition_variable wakeup_;
  std::vector<stream_event> got_;
  std::optional<result<void>> outcome_;
  bool opened_ = false;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// The members of `data` of a stream's event.
[[nodiscard]] json::object data_of(stream_event const& e);

} // namespace troupe::test
