#pragma once

#include "persistence/event_store.hpp"
#include "protocol/text_buffer.hpp"

namespace troupe {

/// Appends the canonical envelope of an event: what `chain_hash` covers, without building a
/// document. See docs/event-encoding.md.
void put_envelope(text_buffer& out, entity_ref const& stream, std::uint64_t version,
                  new_event const& e);

/// SHA-256 of bytes that come piece by piece.
class running_sha256 {
public:
  running_sha256();
  ~running_sha256();
  running_sha256(running_sha256 const&) = delete;
  running_sha256& operator=(running_sha256 const&) = delete;
  void add(std::string_view bytes);
  /// 64 lower case hex digits of all that was added; the object is at its end then.
  [[nodiscard]] std::string hex();

private:
  struct impl;
  std::unique_ptr<impl> p_;
};

/// SHA-256 of the bytes of `parts` one after the other, as 64 lower case hex digits.
[[nodiscard]] std::string sha256_hex(std::initializer_list<std::string_view> parts);

} // namespace troupe
