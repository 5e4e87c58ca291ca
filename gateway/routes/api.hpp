#pragma once

#include "actors/node.hpp"
#include "gateway/auth/token_index.hpp"
#include "gateway/daemons/daemon_hub.hpp"
#include "gateway/http/server.hpp"
#include "protocol/known_fields.hpp"

namespace troupe {

class watch_desk;
class otlp_exporter;

/// Who may read the metrics besides viewers.
struct scrape_access {
  std::string token_hash; ///< of a token that is good for this alone; empty: there is none
  bool open_here = false; ///< whoever asks from this machine, without a token
};

/// What the routes stand on. Outlives the server.
struct api {
  node& n;
  daemon_hub& hub;
  token_index& tokens;
  tenant_id tenant;
  watch_desk* watches = nullptr;     ///< null: live traffic is not shown
  http_server const* edge = nullptr; ///< for its numbers; null: they are not shown
  scrape_access scrape = {};
  otlp_exporter const* traces = nullptr; ///< null: nothing is traced

  [[nodiscard]] entity_ref ref(entity_kind kind, std::string id) const {
    return {tenant, kind, std::move(id)};
  }

  /// Sends a command for a request and answers with the entity's state (`status`), or the problem.
  /// The caller's `Idempotency-Key` makes it safe to send the request again.
  void command(request const& r, reply const& answer, entity_ref to, any_command c,
               int status = 200, std::string correlation = {}) const;
  /// Answers with the state of an entity.
  void show(request const& r, reply const& answer, entity_ref of) const;
  /// Answers with a page of a kind, newest change first: `skip`, `limit` (1 to 500) or `cursor`,
  /// plus equality filters on members of the state given as `filters` (query name -> member). A
  /// cursor names a place in that order and not a count: what changes meanwhile moves before it, so
  /// that nothing comes twice. A `status` that the kind does not know is refused with those that
  /// it does. `more` adds to what is shown of a state; `status` says which status is shown, and
  /// filtered by, where that is not the stored one.
  void list(request const& r, reply const& answer, entity_kind kind,
            std::map<std::string, std::string> const& filters,
            std::function<void(json::object& shown, json::value const& state)> const& more = {},
            std::function<std::string(json::value const& state)> const& status = {}) const;

  /// For a request that is refused because of what it would already have done: if it is the same
  /// request again, `again` runs (a submit then gives the stored answer), else `no`.
  void if_repeated(submit_options const& options, std::function<void()> again,
                   std::function<void()> no) const;

  [[nodiscard]] submit_options options(request const& r) const;
};

/// The answer to a command: the entity's state with `status`, or the problem; 422 for an
/// Idempotency-Key that was used for another request.
[[nodiscard]] response answer_of(command_result const& done, std::string_view path,
                                 int status = 200);

/// The statuses that an entity of the kind can have, as they are shown.
[[nodiscard]] std::vector<std::string> statuses_of(entity_kind kind);

/// A handler that sends one fixed command to the entity `{id}`. It takes no body, or `{}`.
[[nodiscard]] handler bare_command(api const& a, entity_kind kind, any_command c);

/// invalid_argument naming the first field of a body where none has a meaning.
[[nodiscard]] result<void> no_fields(request const& r);

/// The state of an entity as the API shows it: `id` and `status` first, no internals. `whole` keeps
/// the long members (configuration, source text, conversation).
[[nodiscard]] json::object present(json::value const& state, bool whole);

/// Reads the JSON body as a T; one that may be left out. invalid_argument names the field, and for
/// one that there is not those that there are.
template <class T>
[[nodiscard]] result<T> optional_body(request const& r) {
  if (r.json.is_null())
    return T{};
  auto out = json::from<T>(r.json);
  if (!out)
    return with_known_fields<T>(out.error());
  return out;
}

/// The same for a body that is needed.
template <class T>
[[nodiscard]] result<T> body_of(request const& r) {
  if (r.json.is_null())
    return fail(errc::invalid_argument, "a JSON body is needed");
  return optional_body<T>(r);
}

/// An answer for a refusal.
void refuse(request const& r, reply const& answer, error const& e);

} // namespace troupe
