#include "actors/tap/rings.hpp"

#include "actors/tap/tap.hpp"

#include <algorithm>

namespace troupe::traffic {

namespace {

/// What the redactor is given at most; see encode.cpp for what becomes of it.
constexpr std::size_t content_bytes = 4096;
/// Contents under way, of all threads: 16 MiB at most.
constexpr std::int64_t most_contents = 4096;

constinit thread_local ring* mine = nullptr;
constinit thread_local bool gone = false; ///< this thread ends; or it has no ring

/// Tells when the thread ends.
struct owner {
  std::shared_ptr<ring> own;
  owner() = default;
  owner(owner const&) = delete;
  owner& operator=(owner const&) = delete;
  ~owner() {
    gone = true;
    mine = nullptr;
    if (own)
      rings::of_process().retire(own);
  }
};

ring* ring_of_this_thread() noexcept {
  if (mine != nullptr || gone)
    return mine;
  gone = true; // until it has one; also where that throws
  try {
    thread_local owner o;
    o.own = rings::of_process().add();
    mine = o.own.get();
    gone = mine == nullptr;
  } catch (...) { // no memory: this thread records nothing
    mine = nullptr;
  }
  return mine;
}

lost_records lost_by(ring const& r) {
  return {r.dropped(), r.skipped()};
}

constexpr auto unlimited = std::numeric_limits<std::int64_t>::max();

/// What this thread last saw of the wishes, so that it asks for them only when they have changed.
struct seen_wishes {
  std::uint64_t version = 0;
  content_wishes what;
};

} // namespace

rings& rings::of_process() {
  static auto* const all = new rings; // threads may end after static objects do
  return *all;
}

bool rings::claim() {
  std::lock_guard lock{mutex_};
  if (read_)
    return false;
  read_ = true;
  told_ = retired_ = {};
  for (auto const& r : all_) {
    r->drain([](header& h) { drop_content(h); }, ring::default_capacity);
    r->take_drops([](tenant_mark, std::uint64_t) {});
    told_ = told_ + lost_by(*r);
  }
  return true;
}

void rings::release() {
  want(0, nullptr, 0);
  std::lock_guard lock{mutex_};
  read_ = false;
  std::erase_if(all_, [](auto const& r) { return r->closed(); });
}

void rings::want(std::uint8_t categories, content_wishes contents, std::uint64_t tenants) {
  bool const some = contents && !contents->empty();
  {
    std::lock_guard lock{mutex_};
    wishes_ = std::move(contents);
    wishes_version_.fetch_add(1, std::memory_order_release);
  }
  no_limit();
  detail::contents_wanted.store(some, std::memory_order_relaxed);
  detail::watched_tenants.store(tenants, std::memory_order_relaxed);
  detail::wanted.store(categories, std::memory_order_relaxed);
}

void rings::limit(tenant_id const& of, std::int64_t records,
                  std::array<std::uint32_t, category_count> const& slow_from) {
  for (std::size_t i = 0; i < category_count; ++i)
    detail::slow_from[i].store(slow_from[i], std::memory_order_relaxed);
  detail::watched_tenant.store(hash_of(of.value), std::memory_order_relaxed);
  // Who sees that there is a limit sees whose.
  detail::allowance.store(records, std::memory_order_release);
}

void rings::no_limit() {
  detail::allowance.store(unlimited, std::memory_order_relaxed);
}

fresh_losses rings::drain(std::vector<header>& out, std::size_t most) {
  std::lock_guard lock{mutex_}; // a thread that begins or ends waits; one that records does not
  fresh_losses news;
  lost_records lost;
  for (auto const& r : all_) {
    bool const last = r->closed(); // read before it is drained: nothing comes after that
    r->drain(
        [&](header& h) {
          out.push_back(h);
          h.content = nullptr;
        },
        most);
    r->take_drops([&](tenant_mark of, std::uint64_t n) { news.drops.push_back({of, n}); });
    if (last && r->empty())
      retired_ = retired_ + lost_by(*r);
    else
      lost = lost + lost_by(*r);
  }
  std::erase_if(all_, [](auto const& r) { return r->closed() && r->empty(); });
  static_cast<lost_records&>(news) = lost + retired_ - told_;
  told_ = lost;
  retired_ = {};
  return news;
}

std::shared_ptr<ring> rings::add() {
  std::lock_guard lock{mutex_};
  if (all_.size() >= most_threads)
    return nullptr;
  all_.push_back(std::make_shared<ring>(threads_++));
  return all_.back();
}

void rings::retire(std::shared_ptr<ring> const& r) {
  std::lock_guard lock{mutex_};
  r->close();
  if (!read_)
    std::erase(all_, r);
}

content_wishes rings::wishes() const {
  std::lock_guard lock{mutex_};
  return wishes_;
}

std::size_t rings::size() const {
  std::lock_guard lock{mutex_};
  return all_.size();
}

bool detail::wants_content(header const& h) noexcept {
  if (gone)
    return false;
  try {
    thread_local seen_wishes seen;
    auto const& all = rings::of_process();
    if (auto const v = all.wishes_version(); v != seen.version) {
      seen.what = all.wishes();
      seen.version = v;
    }
    return seen.what && std::any_of(seen.what->begin(), seen.what->end(), [&](auto const& w) {
             return h.get(field::tenant) == w.tenant.value && w.of.matches(h);
           });
  } catch (...) {
    return false;
  }
}

void detail::attach(header& h, std::string&& content) {
  if (preview::alive.load(std::memory_order_relaxed) >= most_contents)
    return;
  auto made = std::make_unique<preview>();
  made->cut = content.size() > content_bytes;
  made->text = std::move(content);
  if (made->cut) {
    made->text.resize(content_bytes);
    made->text.shrink_to_fit();
  }
  drop_content(h);
  h.content = made.release();
}

room room_for(category where, tenant_id const& of, outcome how, std::uint32_t latency_us) noexcept {
  auto const left = detail::allowance.load(std::memory_order_acquire);
  if (left > unlimited / 2) // somebody may just have counted down from there
    return room::usual;
  if (hash_of(of.value) != detail::watched_tenant.load(std::memory_order_relaxed))
    return room::none; // nobody wants it
  if (left > 0 && detail::allowance.fetch_sub(1, std::memory_order_relaxed) > 0)
    return room::usual;
  auto const slow =
      detail::slow_from[static_cast<std::size_t>(where)].load(std::memory_order_relaxed);
  if (is_error(how) || (latency_us != no_latency && latency_us >= slow))
    return room::notable;
  if (auto* const r = ring_of_this_thread(); r != nullptr)
    r->skip();
  return room::none;
}

void record(header& h) noexcept {
  auto* const r = ring_of_this_thread();
  if (r == nullptr) {
    drop_content(h);
    return;
  }
  if (h.at_ns == 0)
    h.at_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                  std::chrono::system_clock::now().time_since_epoch())
                  .count();
  if (r->push(h))
    return;
  // Only here, where there is no room: others' records cost nothing for it.
  auto const of = mark_of(h.get(field::tenant));
  if ((detail::watched_tenants.load(std::memory_order_relaxed) & bit_of(of)) != 0)
    r->blame(of);
}

} // namespace troupe::traffic
