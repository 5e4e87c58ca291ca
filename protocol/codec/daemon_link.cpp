#include "protocol/daemon_link.hpp"

namespace troupe::link {

TROUPE_CHOICE_HERE(frame_body);

std::string encode(link_frame const& f) {
  auto v = json::to(f.body);
  if (f.seq != 0)
    v.as_object().emplace("seq", f.seq);
  return json::canonical(v);
}

result<link_frame> decode_frame(std::string_view text) {
  auto parsed = json::parse(text);
  if (!parsed)
    return parsed.error();
  if (!parsed->is_object())
    return fail(errc::invalid_argument, "a frame must be an object");
  link_frame out;
  auto& members = parsed->get_object();
  if (auto const* seq = members.if_contains("seq")) {
    boost::system::error_code ec;
    out.seq = seq->to_number<std::uint64_t>(ec);
    if (ec)
      return fail(errc::invalid_argument, "seq must be a whole number");
    members.erase("seq");
  }
  auto body = json::from<frame_body>(*parsed);
  if (!body)
    return body.error();
  out.body = std::move(*body);
  return out;
}

} // namespace troupe::link

TROUPE_CODEC_HERE(troupe::link::order);
TROUPE_CODEC_HERE(troupe::link::frame_body);
