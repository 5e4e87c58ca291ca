#include "persistence/encoding.hpp"
#include "protocol/hex.hpp"
#include "protocol/json_string.hpp"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace troupe {

namespace {

struct context_deleter {
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};

/// One context a thread: making one costs more than hashing an event.
EVP_MD_CTX* context() {
  thread_local std::unique_ptr<EVP_MD_CTX, context_deleter> const mine{EVP_MD_CTX_new()};
  if (!mine)
    throw std::bad_alloc();
  return mine.get();
}

/// Fetched once: `EVP_sha256()` looks the algorithm up again at each init (OpenSSL 3).
EVP_MD const* algorithm() {
  static EVP_MD const* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return sha256;
}

std::string finish(EVP_MD_CTX* ctx) {
  std::array<unsigned char, 32> digest{};
  if (EVP_DigestFinal_ex(ctx, digest.data(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  return hex_of(digest.data(), digest.size());
}

template <class Number>
void put_number(std::string& out, Number n) {
  std::array<char, 24> text{};
  auto const end = std::to_chars(text.data(), text.data() + text.size(), n).ptr;
  out.append(text.data(), end);
}

} // namespace

void put_json_number(std::string& out, std::int64_t n) {
  put_number(out, n);
}
void put_json_number(std::string& out, std::uint64_t n) {
  put_number(out, n);
}

void put_envelope(std::string& out, entity_ref const& stream, std::uint64_t version,
                  new_event const& e) {
  out += R"({"at":)";
  put_json_number(out, std::int64_t{e.at.time_since_epoch().count()});
  out += R"(,"cause":)";
  json::put_string(out, e.cause);
  out += R"(,"correlation":)";
  json::put_string(out, e.correlation);
  out += R"(,"data":)";
  out += e.data;
  out += R"(,"event_id":)";
  json::put_string(out, e.event_id);
  out += R"(,"id":)";
  json::put_string(out, stream.id);
  out += R"(,"kind":)";
  json::put_string(out, to_string(stream.kind));
  out += R"(,"principal":)";
  json::put_string(out, e.principal);
  out += R"(,"schema":)";
  put_json_number(out, std::int64_t{e.schema});
  out += R"(,"tenant":)";
  json::put_string(out, stream.tenant.value);
  out += R"(,"type":)";
  json::put_string(out, e.type);
  out += R"(,"version":)";
  put_json_number(out, version);
  out += '}';
}

struct running_sha256::impl {
  std::unique_ptr<EVP_MD_CTX, context_deleter> context{EVP_MD_CTX_new()};
};

running_sha256::running_sha256() : p_(std::make_unique<impl>()) {
  if (!p_->context || EVP_DigestInit_ex(p_->context.get(), algorithm(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
}

running_sha256::~running_sha256() = default;

void running_sha256::add(std::string_view bytes) {
  if (EVP_DigestUpdate(p_->context.get(), bytes.data(), bytes.size()) != 1)
    throw std::runtime_error("SHA-256 is not available");
}

std::string running_sha256::hex() {
  return finish(p_->context.get());
}

std::string sha256_hex(std::initializer_list<std::string_view> parts) {
  auto* const ctx = context();
  bool ok = EVP_DigestInit_ex(ctx, algorithm(), nullptr) == 1;
  for (auto const part : parts)
    ok = ok && EVP_DigestUpdate(ctx, part.data(), part.size()) == 1;
  if (!ok)
    throw std::runtime_error("SHA-256 is not available");
  return finish(ctx);
}

std::string chain_hash(std::string_view previous, entity_ref const& stream, std::uint64_t version,
                       new_event const& e) {
  thread_local std::string bytes;
  bytes.clear();
  put_envelope(bytes, stream, version, e);
  auto out = sha256_hex({previous, bytes});
  if (bytes.capacity() > max_batch_bytes) // one huge event must not hold its memory for ever
    bytes = {};
  return out;
}

std::string_view no_hash() {
  return "0000000000000000000000000000000000000000000000000000000000000000";
}

} // namespace troupe
