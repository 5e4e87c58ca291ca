#include "persistence/encoding.hpp"
#include "protocol/hex.hpp"

#include <openssl/evp.h>

#include <array>
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

} // namespace

void put_envelope(text_buffer& out, entity_ref const& stream, std::uint64_t version,
                  new_event const& e) {
  out.add(R"({"at":)");
  out.add(std::int64_t{e.at.time_since_epoch().count()});
  out.add(R"(,"cause":)");
  out.add_json(e.cause);
  out.add(R"(,"correlation":)");
  out.add_json(e.correlation);
  out.add(R"(,"data":)");
  out.add(e.data);
  out.add(R"(,"event_id":)");
  out.add_json(e.event_id);
  out.add(R"(,"id":)");
  out.add_json(stream.id);
  out.add(R"(,"kind":)");
  out.add_json(to_string(stream.kind));
  out.add(R"(,"principal":)");
  out.add_json(e.principal);
  out.add(R"(,"schema":)");
  out.add(std::int64_t{e.schema});
  out.add(R"(,"tenant":)");
  out.add_json(stream.tenant.value);
  out.add(R"(,"type":)");
  out.add_json(e.type);
  out.add(R"(,"version":)");
  out.add(version);
  out.add('}');
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
  text_buffer bytes;
  put_envelope(bytes, stream, version, e);
  return sha256_hex({previous, bytes.view()});
}

std::string_view no_hash() {
  return "0000000000000000000000000000000000000000000000000000000000000000";
}

} // namespace troupe
