#include "gateway/http/redaction.hpp"

#include "protocol/json.hpp"

namespace troupe {

reply telling_redacted(reply answer, std::size_t strings) {
  if (strings == 0)
    return answer;
  return [answer = std::move(answer), strings](response r) {
    if (r.status < 300 && r.content_type == "application/json") {
      if (auto body = json::parse(r.body); body && body->is_object()) {
        body->get_object().emplace("redacted", strings);
        r.body = json_response(r.status, *body).body;
      }
    }
    answer(std::move(r));
  };
}

} // namespace troupe
