#include "gateway/routes/metrics.hpp"

#include "gateway/auth/token.hpp"
#include "gateway/http/admission.hpp"
#include "gateway/http/text.hpp"
#include "gateway/routes/metric_text.hpp"
#include "gateway/routes/table.hpp"
#include "gateway/routes/watch_desk.hpp"

/// `GET /metrics`: for Prometheus.
namespace troupe {

namespace {

constexpr char const* text_format = "text/plain; version=0.0.4; charset=utf-8";

std::string_view token_of(request const& r) {
  constexpr std::string_view scheme = "bearer ";
  auto const text = trim(r.headers.get("Authorization"));
  return text.size() > scheme.size() && same_word(text.substr(0, scheme.size()), scheme)
             ? trim(text.substr(scheme.size()))
             : std::string_view{};
}

/// A scrape from this machine itself, where that needs no token: not one that a proxy passes on,
/// nor a page of elsewhere whose name was bound to this machine.
bool from_here(request const& r) {
  auto const host = host_name(r.headers.get("Host"));
  return r.loopback && loopback_name(host) && !r.headers.has("Forwarded") &&
         !r.headers.has("X-Forwarded-For") && !r.headers.has("Origin");
}

/// None: it may be read.
std::optional<error> refusal(api const& a, request const& r) {
  // The numbers are of the whole server, so they are not for who sees one tenant of several.
  if (covers(r.principal, role::viewer) && r.principal.tenant == a.tenant)
    return std::nullopt;
  auto const token = token_of(r);
  auto const& own = a.scrape.token_hash;
  if (!own.empty() && !token.empty() && constant_time_equal(hash_token(token), own))
    return std::nullopt;
  if (a.scrape.open_here && token.empty() && from_here(r))
    return std::nullopt;
  if (r.principal.known())
    return fail(errc::forbidden, "this needs the role viewer", {{"role", "viewer"}});
  return fail(errc::unauthorized, token.empty() ? "send a token as `Authorization: Bearer …`"
                                                : "the token is not valid, or was revoked");
}

} // namespace

std::string metrics_text(api const& a) {
  metric_page out;
  out.gauge("troupe_build_info", "1; the labels say which build this is.")
      .at({{"version", TROUPE_VERSION}}, 1);
  if (a.edge != nullptr)
    add_edge_metrics(out, *a.edge);
  add_node_metrics(out, a);
  add_work_metrics(out, a.n.view().work(a.n.clock().now()));
  add_trace_metrics(out, a.traces);
  if (a.watches != nullptr)
    add_watch_metrics(out, a.watches->hub().counts());
  add_process_metrics(out);
  return out.text();
}

void add_metrics_route(std::vector<route>& out, api const& a) {
  // Who may read is decided here, because a scraper's own token is no principal's. Like health it
  // answers under load, which is when it is looked at.
  auto scrape = get("/metrics", role::none, [&a](request const& r, reply const& answer) {
    if (auto const no = refusal(a, r)) {
      refuse(r, answer, *no);
      return;
    }
    response page;
    page.content_type = text_format;
    page.headers.set("Cache-Control", "no-store");
    page.body = metrics_text(a);
    answer(std::move(page));
  });
  scrape.unlimited = true;
  out.push_back(std::move(scrape));
}

} // namespace troupe
