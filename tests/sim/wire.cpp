#include "tests/sim/wire.hpp"

namespace troupe::sim {

void wire::close() {
  if (!open_)
    return;
  open_ = false;
  auto const self = shared_from_this();
  auto const tell = [&](end wire::*which, duration most) {
    c_.time.after(c_.luck.between(duration{1}, most), [self, which] {
      auto const gone = std::exchange((*self).*which, {});
      if (gone.closed)
        gone.closed();
    });
  };
  // A server may take long to see that a machine has gone.
  tell(&wire::server, c_.sky.calm ? duration{100} : duration{20'000});
  tell(&wire::daemon, duration{2000});
}

void wire::send(link::link_frame f, bool up) {
  if (!open_)
    return;
  auto& last = up ? last_up_ : last_down_;
  auto at = std::max(last, c_.time.now() + c_.luck.between(duration{1}, duration{40}));
  if (c_.can(trouble::frames)) {
    if (c_.luck.permille(4)) { // no stream goes on for long without one of its parts
      c_.note(happening::frame_lost);
      c_.time.after(c_.luck.between(duration{500}, duration{10'000}),
                    [self = shared_from_this()] { self->close(); });
      return;
    }
    if (c_.luck.permille(6)) {
      c_.note(happening::frame_doubled);
      deliver(f, up, at + c_.luck.between(duration{0}, duration{3000}));
    }
    if (c_.luck.permille(6)) { // later ones overtake it
      c_.note(happening::frame_reordered);
      deliver(std::move(f), up, at + c_.luck.between(duration{0}, duration{2000}));
      return;
    }
  }
  last = at;
  deliver(std::move(f), up, at);
}

void wire::deliver(link::link_frame f, bool up, duration at) {
  c_.time.at(at, [self = shared_from_this(), f = std::move(f), up]() mutable {
    auto const& to = up ? self->server : self->daemon;
    if (!self->open_ || !to.received)
      return;
    auto const call = to.received; // it may close the wire
    call(std::move(f));
  });
}

} // namespace troupe::sim
