#pragma once

#include "protocol/daemon_link.hpp"
#include "tests/api/lab.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

/// A daemon that says exactly what the test wants.
class puppet {
public:
  explicit puppet(api_lab const& lab) : lab_(lab) {
    auto const made =
        lab.post("/api/daemons/enroll", R"({"name":"puppet","code":")" +
                                            lab.post("/api/daemons/codes").text("code") + "\"}");
    REQUIRE(made.status == 201);
    id_ = made.text("daemon");
    token_ = made.text("token");
  }

  /// A new link, of this start of the daemon; the welcome has come when it returns.
  void connect(std::string process = {}, std::vector<std::string> repositories = {"*"}) {
    socket_.emplace(static_cast<std::uint16_t>(lab_.port()), "/api/daemon/link", token_);
    REQUIRE(socket_->handshake().status == 101);
    link::hello h;
    h.daemon = daemon_id{id_};
    h.name = "puppet";
    h.stream = "s1";
    h.runners = {{"command", "", 1}};
    h.repositories = std::move(repositories);
    h.process = std::move(process);
    say(0, h);
    (void)hear<link::welcome>();
  }
  void say(std::uint64_t seq, link::frame_body body) {
    REQUIRE(socket_->text(link::encode({seq, std::move(body)})));
  }
  /// The next frame of a kind; others are passed over.
  template <class Frame>
  Frame hear() {
    for (;;) {
      auto const f = socket_->read_message();
      INFO(f.payload);
      REQUIRE(f.opcode == 1);
      auto const decoded = link::decode_frame(f.payload);
      REQUIRE(decoded.has_value());
      if (auto const* x = std::get_if<Frame>(&decoded->body))
        return *x;
    }
  }
  raw_socket& socket() { return *socket_; }
  [[nodiscard]] std::string status() const {
    return lab_.get("/api/daemons/" + id_).text("status");
  }
  [[nodiscard]] std::string const& id() const { return id_; }
  [[nodiscard]] std::string const& token() const { return token_; }

private:
  api_lab const& lab_;
  std::string id_;
  std::string token_;
  std::optional<raw_socket> socket_;
};

/// A project whose first ticket is leased to a daemon, which has its order.
struct leased_lab {
  project_lab lab;
  puppet daemon{lab};
  link::order order;
  std::string ticket; ///< its address

  leased_lab() {
    daemon.connect();
    (void)lab.running(lab.pending_plan(lab.pending_brief()));
    order = daemon.hear<link::order>();
    ticket = "/api/tickets/" + order.ticket.value;
  }
  /// A frame about the order, with this fencing token.
  template <class Frame>
  [[nodiscard]] Frame about(std::int64_t token) const {
    Frame f;
    f.ticket = order.ticket;
    f.token = token;
    return f;
  }
};

/// A daemon that is online, before there is any work.
struct online_lab {
  project_lab lab;
  puppet daemon{lab};

  online_lab() {
    daemon.connect();
    REQUIRE(eventually([&] { return daemon.status() == "online"; }));
  }
};

} // namespace troupe::test
