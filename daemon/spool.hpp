#pragma once

#include "daemon/durable_file.hpp"
#include "protocol/daemon_link.hpp"

#include <memory>
#include <mutex>
#include <optional>

/// What the daemon must not forget: reports that the server has not acknowledged, orders that it
/// has taken, how far it has read the server's stream.
namespace troupe::local {

/// Who the daemon is; given once by the server, kept in a file of mode 0600.
struct identity {
  daemon_id daemon;
  std::string token;
  std::string server; ///< URL
  std::string name;   ///< of the machine
  TROUPE_FIELDS(identity, daemon, token, server, name);
};
/// not_found: the daemon is not enrolled.
[[nodiscard]] result<identity> load_identity(std::filesystem::path const& data);
[[nodiscard]] result<void> save_identity(std::filesystem::path const& data, identity const& who);

/// What taking over a frame of the server came to.
enum class taking {
  fresh, ///< now durable here, to be acted on
  known, ///< had been taken before, or an order that was: acknowledge, do not act
  gap,   ///< a frame before it is missing
};

/// Thread-safe. Every change is on disk before the function returns.
class spool {
public:
  [[nodiscard]] static result<std::unique_ptr<spool>> open(std::filesystem::path const& folder);

  /// Id of this daemon's numbers; new only when the spool is new.
  [[nodiscard]] std::string stream() const;

  // ---- to the server
  /// Numbers a report and keeps it until it is acknowledged. `finished` and `declined` also end
  /// their order.
  [[nodiscard]] result<std::uint64_t> append(link::frame_body const& body);
  /// The first kept report after `seq`, as its frame's text.
  [[nodiscard]] std::optional<std::pair<std::uint64_t, std::string>>
  next(std::uint64_t after) const;
  /// The server has everything up to `seq`.
  [[nodiscard]] result<void> acknowledged(std::uint64_t seq);
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::uint64_t acknowledged_up_to() const;

  // ---- from the server
  [[nodiscard]] std::string server_stream() const;
  [[nodiscard]] std::uint64_t taken() const;
  /// The server numbers anew.
  [[nodiscard]] result<void> follow(std::string const& server_stream);
  /// Takes over a numbered frame. An order is known by (ticket, token); so is one with a token
  /// below the highest that was seen for its ticket.
  [[nodiscard]] result<taking> take(std::uint64_t seq, link::frame_body const& body);

  // ---- what is open
  /// Orders that were taken and have not ended. At a start: those that a crash interrupted.
  [[nodiscard]] std::vector<link::order> open_orders() const;
  /// Tickets that are over and whose worktrees are still to be removed.
  [[nodiscard]] std::vector<link::release> open_releases() const;
  [[nodiscard]] result<void> released(ticket_id const& ticket);
  /// The repository that the ticket's last order named; empty if there was none.
  [[nodiscard]] std::string repository_of(ticket_id const& ticket) const;

private:
  struct seen {
    std::int64_t token = 0;
    std::string repository;
  };
  spool() = default;
  [[nodiscard]] result<void> replay(std::string_view record);
  [[nodiscard]] result<void> write(std::vector<std::string> records);
  [[nodiscard]] std::vector<std::string> state() const;
  void apply_out(std::uint64_t seq, link::frame_body const& body, std::string text);
  void apply_in(std::uint64_t seq, link::frame_body const* body);

  mutable std::mutex mutex_;
  std::optional<record_log> log_;
  std::string stream_;
  std::uint64_t last_ = 0;  ///< highest number given
  std::uint64_t acked_ = 0; ///< highest number acknowledged
  std::map<std::uint64_t, std::string> out_;
  std::string server_stream_;
  std::uint64_t taken_ = 0;
  std::map<std::pair<ticket_id, std::int64_t>, link::order> orders_;
  std::map<ticket_id, seen> seen_;
  std::map<ticket_id, link::release> releases_;
};

} // namespace troupe::local
