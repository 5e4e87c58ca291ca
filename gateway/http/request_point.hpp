#pragma once

#include "actors/tap/tap.hpp"
#include "gateway/http/admission.hpp"

#include <memory>

namespace troupe {

/// A request that was let in, as those see it who watch live traffic: it comes in, its answer goes
/// out. While nobody watches it costs two relaxed loads.
class request_point {
public:
  explicit request_point(admitted const& a) {
    if (traffic::wants(traffic::category::gateway))
      came_in(a);
  }
  void answered(int status) const {
    if (in_ && traffic::wants(traffic::category::gateway))
      went_out(status);
  }
  /// A stream has ended; how long somebody listened says nothing of the server.
  void ended() const {
    if (in_ && traffic::wants(traffic::category::gateway))
      went_out(std::nullopt);
  }

private:
  struct seen;
  void came_in(admitted const& a);
  void went_out(std::optional<int> status) const;

  std::shared_ptr<seen const> in_; ///< null: nobody watched then
};

} // namespace troupe
