#include "persistence/export_format.hpp"
#include "persistence/export_words.hpp"
#include "protocol/json_string.hpp"

#include <ostream>

namespace troupe {

namespace {

using export_words::class_words;

void put_member(std::string& out, std::string_view name, std::string_view text) {
  out += name; // with its punctuation: `,"name":`
  json::put_string(out, text);
}
void put_member(std::string& out, std::string_view name, std::int64_t n) {
  out += name;
  json::put_number(out, n);
}
void put_member(std::string& out, std::string_view name, std::uint64_t n) {
  out += name;
  json::put_number(out, n);
}
std::int64_t ms(time_point at) {
  return at.time_since_epoch().count();
}

// Members in the order of their names, as everywhere in canonical JSON.

void put_line(std::string& out, stored_event const& e) {
  put_member(out, R"({"event":{"epoch":)", e.epoch);
  out += R"(,"event":)";
  text_buffer envelope;
  put_envelope(envelope, e.stream, e.version, e.event);
  out += envelope.view();
  put_member(out, R"(,"hash":)", e.event.hash);
  put_member(out, R"(,"seq":)", e.seq);
  put_member(out, R"(,"shard":)", std::uint64_t{e.shard});
  out += "}}";
}

void put_line(std::string& out, shard_info const& s) {
  put_member(out, R"({"shard":{"epoch":)", s.epoch);
  put_member(out, R"(,"last_seq":)", s.last_seq);
  put_member(out, R"(,"owner":)", s.owner);
  put_member(out, R"(,"shard":)", std::uint64_t{s.shard});
  out += "}}";
}

void put_line(std::string& out, stream_info const& s) {
  put_member(out, R"({"stream":{"hash":)", s.hash);
  put_member(out, R"(,"id":)", s.stream.id);
  put_member(out, R"(,"kind":)", to_string(s.stream.kind));
  put_member(out, R"(,"tenant":)", s.stream.tenant.value);
  put_member(out, R"(,"version":)", s.version);
  put_member(out, R"(,"wake_at":)", ms(s.wake_at.value_or(time_point{})));
  out += "}}";
}

void put_line(std::string& out, shard_effect const& x) {
  auto const& [shard, row] = x;
  put_member(out, R"({"effect":{"attempt":)", std::int64_t{row.attempt});
  put_member(out, R"(,"class":)", class_words.at(static_cast<std::size_t>(row.declared)));
  put_member(out, R"(,"effect_id":)", row.effect_id);
  put_member(out, R"(,"epoch":)", row.epoch);
  put_member(out, R"(,"kind":)", row.kind);
  put_member(out, R"(,"not_before":)", ms(row.not_before));
  put_member(out, R"(,"payload":)", row.payload);
  out += row.running ? R"(,"running":true)" : R"(,"running":false)";
  put_member(out, R"(,"shard":)", std::uint64_t{shard});
  put_member(out, R"(,"tenant":)", row.tenant.value);
  out += "}}";
}

void put_line(std::string& out, inbox_row const& row) {
  put_member(out, R"({"answer":{"answer":)", row.entry.answer);
  put_member(out, R"(,"key":)", row.entry.key);
  put_member(out, R"(,"request_hash":)", row.entry.request_hash);
  put_member(out, R"(,"source":)", row.entry.source);
  put_member(out, R"(,"stored_at":)", ms(row.stored_at));
  put_member(out, R"(,"tenant":)", row.tenant.value);
  out += "}}";
}

void put_trailer(std::string& out, export_stats const& s) {
  put_member(out, R"({"end":{"answers":)", s.answers);
  put_member(out, R"(,"digest":)", s.digest);
  put_member(out, R"(,"effects":)", s.effects);
  put_member(out, R"(,"events":)", s.events);
  put_member(out, R"(,"shards":)", s.shards);
  put_member(out, R"(,"wakes":)", s.wakes);
  out += "}}";
}

} // namespace

export_writer::export_writer(std::ostream& out) : out_(out) {
  text_ = export_words::header;
  line();
}

void export_writer::line() {
  text_ += '\n';
  digest_.add(text_);
  out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  text_.clear();
}

void export_writer::put(export_record const& record) {
  std::visit([&](auto const& x) { put_line(text_, x); }, record);
  line();
  export_words::count(stats_, record);
}

export_stats export_writer::finish() {
  stats_.digest = digest_.hex();
  put_trailer(text_, stats_);
  text_ += '\n';
  out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  out_.flush();
  return stats_;
}

bool export_writer::good() const {
  return out_.good();
}

} // namespace troupe
