#include "persistence/record/compression.hpp"

#include "persistence/scanner.hpp"

#include <zstd.h>

#include <map>
#include <memory>
#include <new>

namespace troupe::records {

namespace {

/// Level 3 is where rows of events stop getting much smaller (docs/decisions/0012-zstd.md).
constexpr int small_level = 3;
constexpr int quick_level = 1;
constexpr std::string_view magic = "\x28\xb5\x2f\xfd";

/// A function of zstd that frees, as the deleter of a pointer.
template <auto Free>
struct freeing {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};

/// Prepared once for all threads: reading a dictionary costs more than a thousand rows.
struct prepared {
  std::unique_ptr<ZSTD_CDict, freeing<ZSTD_freeCDict>> to_write;
  std::unique_ptr<ZSTD_CDict, freeing<ZSTD_freeCDict>> to_write_quickly;
  std::unique_ptr<ZSTD_DDict, freeing<ZSTD_freeDDict>> to_read;
};

prepared const* find(std::uint8_t number) {
  static auto const all = [] {
    std::map<std::uint8_t, prepared> out;
    for (auto const& d : dictionaries()) {
      auto& p = out[d.number];
      p.to_write.reset(ZSTD_createCDict(d.bytes.data(), d.bytes.size(), small_level));
      p.to_write_quickly.reset(ZSTD_createCDict(d.bytes.data(), d.bytes.size(), quick_level));
      p.to_read.reset(ZSTD_createDDict(d.bytes.data(), d.bytes.size()));
      if (!p.to_write || !p.to_write_quickly || !p.to_read)
        throw std::bad_alloc();
    }
    return out;
  }();
  auto const it = all.find(number);
  return it == all.end() ? nullptr : &it->second;
}

/// One a thread, as for hashes: making one costs more than what it is for.
ZSTD_CCtx* writer() {
  thread_local std::unique_ptr<ZSTD_CCtx, freeing<ZSTD_freeCCtx>> const mine = [] {
    std::unique_ptr<ZSTD_CCtx, freeing<ZSTD_freeCCtx>> fresh{ZSTD_createCCtx()};
    if (!fresh)
      throw std::bad_alloc();
    // Whose dictionary it is stands in the row, and so does a sum.
    ZSTD_CCtx_setParameter(fresh.get(), ZSTD_c_dictIDFlag, 0);
    ZSTD_CCtx_setParameter(fresh.get(), ZSTD_c_checksumFlag, 0);
    return fresh;
  }();
  return mine.get();
}

ZSTD_DCtx* reader() {
  thread_local std::unique_ptr<ZSTD_DCtx, freeing<ZSTD_freeDCtx>> const mine{ZSTD_createDCtx()};
  if (!mine)
    throw std::bad_alloc();
  return mine.get();
}

} // namespace

std::string compressed(std::string_view text, dictionary const& with, effort how) {
  auto* const context = writer();
  auto const* const prepared = find(with.number);
  auto const& made = how == effort::small ? prepared->to_write : prepared->to_write_quickly;
  if (ZSTD_isError(ZSTD_CCtx_refCDict(context, made.get())) != 0)
    return {};
  auto const most = ZSTD_compressBound(text.size());
  std::unique_ptr<char[]> const room{new char[most]}; // not set to zero, other than make_unique's
  auto const size = ZSTD_compress2(context, room.get(), most, text.data(), text.size());
  if (ZSTD_isError(size) != 0 || size >= text.size() + magic.size())
    return {};
  return {room.get() + magic.size(), size - magic.size()};
}

std::string decompressed(std::string_view frame, std::uint8_t dictionary_number, std::size_t most) {
  auto const* const with = find(dictionary_number);
  if (with == nullptr)
    throw malformed{"this program has no dictionary " + std::to_string(dictionary_number) +
                    " to read it with"};
  auto const whole = std::string{magic}.append(frame);
  auto const size = ZSTD_getFrameContentSize(whole.data(), whole.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
      ZSTD_findFrameCompressedSize(whole.data(), whole.size()) != whole.size())
    throw malformed{"its text is not compressed as it says"};
  if (size > most)
    throw malformed{"its text would have " + std::to_string(size) + " bytes"};
  std::string out(size, '\0');
  auto const got = ZSTD_decompress_usingDDict(reader(), out.data(), out.size(), whole.data(),
                                              whole.size(), with->to_read.get());
  if (ZSTD_isError(got) != 0 || got != size)
    throw malformed{"its text cannot be decompressed"};
  return out;
}

} // namespace troupe::records
