#include "persistence/batch.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <unordered_set>

namespace troupe {

namespace {

constexpr bool lower_hex(char c) {
  return static_cast<unsigned char>(c - '0') < 10 || static_cast<unsigned char>(c - 'a') < 6;
}

/// Whether all of N characters are lower case hex digits. Without an early end, so that the
/// compiler looks at many at once.
template <std::size_t N>
bool all_lower_hex(char const* text) {
  unsigned char odd = 0;
  for (std::size_t i = 0; i < N; ++i)
    odd |= static_cast<unsigned char>(!lower_hex(text[i]));
  return odd == 0;
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && all_lower_hex<64>(text.data());
}

bool is_type(std::string_view text) {
  return !text.empty() && text.size() <= text_bounds::type && text.front() >= 'a' &&
         text.front() <= 'z' && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                  c == '-';
         });
}

bool is_name(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && storable_text(text);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

/// Whether a character below 0x20 is in it. Without an early end within a block, so that the
/// compiler looks at many characters at once.
bool has_control(std::string_view text) {
  constexpr std::size_t block = 32;
  for (; text.size() >= block; text.remove_prefix(block)) {
    unsigned char found = 0;
    for (std::size_t i = 0; i < block; ++i)
      found |= static_cast<unsigned char>(is_control(text[i]));
    if (found != 0)
      return true;
  }
  return std::any_of(text.begin(), text.end(), is_control);
}

/// Canonical JSON of an object has no raw control characters; the rest is the encoder's duty.
bool is_data(std::string_view text) {
  return text.size() >= 2 && text.front() == '{' && text.back() == '}' && !has_control(text) &&
         storable_text(text);
}

error wrong(std::string message) {
  return fail(errc::invalid_argument, std::move(message));
}

result<void> check_stream(entity_ref const& ref, std::uint32_t shard) {
  if (!is_name(ref.tenant.value, text_bounds::tenant))
    return wrong("a tenant must be 1 to 128 bytes of UTF-8 without NUL");
  if (!is_name(ref.id, text_bounds::id))
    return wrong("an entity id must be 1 to 256 bytes of UTF-8 without NUL");
  if (!known(ref.kind))
    return wrong("the kind of entity " + ref.id + " is unknown");
  if (shard_of(ref) != shard)
    return wrong("stream " + to_string(ref) + " is of shard " + std::to_string(shard_of(ref)) +
                 ", not " + std::to_string(shard));
  return {};
}

result<void> check_new_event(new_event const& e) {
  if (!is_event_id(e.event_id))
    return wrong("an event id must be a UUID in lower case");
  auto const what = [&] { return "event " + e.event_id + ": "; };
  if (!is_type(e.type))
    return wrong(what() + "the type must be a lower case word");
  if (!is_hash(e.hash))
    return wrong(what() + "the hash must be 64 lower case hex digits");
  if (!is_data(e.data))
    return wrong(what() + "the data must be a canonical JSON object");
  for (auto const* text : {&e.principal, &e.cause, &e.correlation})
    if (text->size() > text_bounds::name || !storable_text(*text))
      return wrong(what() + "principal, cause and correlation must be at most 512 bytes of UTF-8 "
                            "without NUL");
  return {};
}

result<void> check_inbox(inbox_entry const& x) {
  if (!is_name(x.source, text_bounds::name) || !is_name(x.key, text_bounds::name))
    return wrong("an inbox source and key must be 1 to 512 bytes of UTF-8 without NUL");
  if (x.request_hash.size() > text_bounds::name || !storable_text(x.request_hash) ||
      !storable_text(x.answer))
    return wrong("inbox key " + x.key + ": hash and answer must be UTF-8 without NUL");
  return {};
}

result<void> check_outbox(outbox_row const& row) {
  if (!is_name(row.effect_id, text_bounds::name) || !is_name(row.kind, text_bounds::name))
    return wrong("an effect id and kind must be 1 to 512 bytes of UTF-8 without NUL");
  if (!known(row.declared))
    return wrong("effect " + row.effect_id + " has an unknown class");
  if (!storable_text(row.payload))
    return wrong("effect " + row.effect_id + ": the payload must be UTF-8 without NUL");
  return {};
}

/// True if a text stands twice. A few are compared with each other, which takes no memory.
class seen_twice {
public:
  bool operator()(std::string_view text) {
    if (many_.empty()) {
      if (std::find(few_.begin(), few_.begin() + count_, text) != few_.begin() + count_)
        return true;
      if (count_ < static_cast<std::ptrdiff_t>(few_.size())) {
        few_[static_cast<std::size_t>(count_++)] = text;
        return false;
      }
      many_.insert(few_.begin(), few_.end());
    }
    return !many_.insert(text).second;
  }

private:
  std::array<std::string_view, 16> few_;
  std::ptrdiff_t count_ = 0;
  std::unordered_set<std::string_view> many_;
};

} // namespace

bool is_event_id(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
         text[23] == '-' && all_lower_hex<8>(&text[0]) && all_lower_hex<4>(&text[9]) &&
         all_lower_hex<4>(&text[14]) && all_lower_hex<4>(&text[19]) && all_lower_hex<12>(&text[24]);
}

bool storable_text(std::string_view text) {
  auto const* p = reinterpret_cast<unsigned char const*>(text.data());
  auto const* const end = p + text.size();
  auto const tail = [&](std::ptrdiff_t n) {
    for (std::ptrdiff_t i = 1; i <= n; ++i)
      if (p + i >= end || (p[i] & 0xc0) != 0x80)
        return false;
    return true;
  };
  auto const is_plain = [](unsigned char const* eight) {
    std::uint64_t word = 0;
    std::memcpy(&word, eight, 8);
    return ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0;
  };
  while (p < end) {
    // Eight ASCII bytes without NUL at once: almost everything that is stored.
    if (end - p >= 8 && is_plain(p)) {
      p += 8;
      continue;
    }
    // So is the end, and it costs less to look at some of it twice than at each byte.
    if (end - p < 8 && text.size() >= 8 && is_plain(end - 8))
      return true;
    unsigned char const c = *p;
    if (c == 0)
      return false;
    if (c < 0x80) {
      p += 1;
    } else if (c < 0xc2) {
      return false;
    } else if (c < 0xe0) {
      if (!tail(1))
        return false;
      p += 2;
    } else if (c < 0xf0) {
      if (!tail(2) || (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] >= 0xa0))
        return false;
      p += 3;
    } else {
      if (c > 0xf4 || !tail(3) || (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] >= 0x90))
        return false;
      p += 4;
    }
  }
  return true;
}

std::size_t unit_bytes(unit const& u) {
  std::size_t n = u.tenant.value.size();
  for (auto const& w : u.writes) {
    n += w.stream.tenant.value.size() + w.stream.id.size() + 32;
    for (auto const& e : w.events)
      n += e.event_id.size() + e.type.size() + e.principal.size() + e.cause.size() +
           e.correlation.size() + e.data.size() + e.hash.size() + 32;
  }
  if (u.inbox)
    n += u.inbox->source.size() + u.inbox->key.size() + u.inbox->request_hash.size() +
         u.inbox->answer.size();
  for (auto const& row : u.outbox)
    n += row.effect_id.size() + row.kind.size() + row.payload.size() + 32;
  for (auto const& id : u.outbox_started)
    n += id.size();
  for (auto const& id : u.outbox_done)
    n += id.size();
  return n;
}

result<void> check_unit(unit const& u) {
  if (u.shard >= shard_count)
    return wrong("shard " + std::to_string(u.shard) + " does not exist");
  if (!is_name(u.tenant.value, text_bounds::tenant))
    return wrong("a tenant must be 1 to 128 bytes of UTF-8 without NUL");
  if (u.writes.empty() && !u.inbox && u.outbox.empty() && u.outbox_started.empty() &&
      u.outbox_done.empty())
    return wrong("a unit must store something");
  seen_twice event_ids;
  for (auto w = u.writes.begin(); w != u.writes.end(); ++w) {
    if (auto ok = check_stream(w->stream, u.shard); !ok)
      return ok;
    auto const name = "stream " + to_string(w->stream);
    if (w->stream.tenant != u.tenant)
      return wrong(name + " is not of the unit's tenant");
    if (std::any_of(u.writes.begin(), w, [&](auto const& x) { return x.stream == w->stream; }))
      return wrong(name + " stands twice in a unit");
    if (w->events.empty() && w->expected_version == 0)
      return wrong(name + " cannot begin without an event");
    for (auto const& e : w->events) {
      if (auto ok = check_new_event(e); !ok)
        return ok;
      if (event_ids(e.event_id))
        return wrong("event id " + e.event_id + " stands twice in a unit");
    }
  }
  if (u.inbox)
    if (auto ok = check_inbox(*u.inbox); !ok)
      return ok;
  seen_twice new_effects;
  for (auto const& row : u.outbox) {
    if (auto ok = check_outbox(row); !ok)
      return ok;
    if (new_effects(row.effect_id))
      return wrong("effect " + row.effect_id + " stands twice in a unit");
  }
  for (auto const* ids : {&u.outbox_started, &u.outbox_done}) {
    seen_twice effects;
    for (auto const& id : *ids) {
      if (!is_name(id, text_bounds::name))
        return wrong("an effect id must be 1 to 512 bytes of UTF-8 without NUL");
      if (effects(id))
        return wrong("effect " + id + " stands twice in a unit");
    }
  }
  return {};
}

result<void> check_batch(std::span<unit const> units) {
  if (units.size() > max_batch_units)
    return wrong("a batch holds at most " + std::to_string(max_batch_units) + " units");
  std::size_t bytes = 0;
  for (auto const& u : units) {
    if (!u.checked)
      if (auto ok = check_unit(u); !ok)
        return ok;
    bytes += unit_bytes(u);
  }
  if (bytes > max_batch_bytes)
    return wrong("a batch holds at most " + std::to_string(max_batch_bytes) + " bytes");
  return {};
}

result<void> check_event(stored_event const& e) {
  if (e.shard >= shard_count)
    return wrong("shard " + std::to_string(e.shard) + " does not exist");
  if (auto ok = check_stream(e.stream, e.shard); !ok)
    return ok;
  return check_new_event(e.event);
}

result<void> check_rows(side_rows const& rows) {
  for (auto const& s : rows.shards)
    if (s.shard >= shard_count || s.owner.size() > text_bounds::name || !storable_text(s.owner))
      return wrong("a shard row names an unknown shard or has a wrong owner");
  for (auto const& s : rows.streams)
    if (auto ok = check_stream(s.stream, shard_of(s.stream)); !ok)
      return ok;
  for (auto const& row : rows.inbox) {
    if (!is_name(row.tenant.value, text_bounds::tenant))
      return wrong("a tenant must be 1 to 128 bytes of UTF-8 without NUL");
    if (auto ok = check_inbox(row.entry); !ok)
      return ok;
  }
  for (auto const& [shard, row] : rows.outbox) {
    if (shard >= shard_count || !is_name(row.tenant.value, text_bounds::tenant))
      return wrong("an outbox row names an unknown shard or tenant");
    if (auto ok = check_outbox(row); !ok)
      return ok;
  }
  return {};
}

result<void> check_next(stored_event const& e, std::uint64_t last_seq, std::uint64_t last_epoch,
                        stream_head const& stream) {
  auto const what = "event " + e.event.event_id + " (shard " + std::to_string(e.shard) + ", seq " +
                    std::to_string(e.seq) + ", " + to_string(e.stream) + " version " +
                    std::to_string(e.version) + "): ";
  if (e.seq != last_seq + 1)
    return fail(errc::conflict,
                what + "the next seq of the shard is " + std::to_string(last_seq + 1));
  if (e.version != stream.version + 1)
    return fail(errc::conflict,
                what + "the next version of the stream is " + std::to_string(stream.version + 1));
  if (e.epoch == 0 || e.epoch < last_epoch)
    return fail(errc::conflict, what + "its epoch " + std::to_string(e.epoch) +
                                    " is older than that of the event before it, " +
                                    std::to_string(last_epoch));
  if (chain_hash(stream.hash, e.stream, e.version, e.event) != e.event.hash)
    return fail(errc::conflict, what + "its hash does not continue the chain");
  return {};
}

} // namespace troupe
