#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::test {

/// Secrets of the forms that issuers give them, one for each place where a careless person, tool or
/// client puts one. Made up when the test runs, so that no scanner finds one in the sources.
class canaries {
public:
  struct one {
    std::string where;
    std::string text;
    std::string word; ///< harmless; stands beside it and tells that the text around it came through
  };

  /// A new secret.
  std::string secret(std::string const& where) { return plant(where).text; }
  /// A new secret with its word beside it.
  std::string said(std::string const& where) {
    auto const& c = plant(where);
    return c.word + " " + c.text;
  }

  [[nodiscard]] std::vector<one> const& all() const { return all_; }
  [[nodiscard]] std::string const& word_of(std::string const& where) const {
    for (auto const& c : all_)
      if (c.where == where)
        return c.word;
    return all_.at(all_.size()).word; // throws: the test names a place that there is not
  }
  /// Places whose secret, or the begin or end of it, stands in the text, each with the text before
  /// that.
  [[nodiscard]] std::vector<std::string> found_in(std::string_view text) const {
    std::vector<std::string> out;
    for (auto const& c : all_) {
      auto const body = std::string_view{c.text}.substr(c.text.size() - body_size);
      auto at = text.find(body.substr(0, piece));
      if (at == std::string_view::npos)
        at = text.find(body.substr(body_size - piece));
      if (at != std::string_view::npos)
        out.push_back(c.where + ": …" +
                      std::string{text.substr(at - std::min(at, before), before)});
    }
    return out;
  }

private:
  static constexpr std::size_t body_size = 36;
  static constexpr std::size_t piece = 9;
  static constexpr std::size_t before = 40;

  one const& plant(std::string const& where) {
    static constexpr std::array<std::string_view, 6> prefixes{"ghp_",     "glpat-",  "xoxb-",
                                                              "sk_live_", "sk-ant-", "npm_"};
    static constexpr std::string_view letters =
        "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789";
    std::string text{prefixes[all_.size() % prefixes.size()]};
    for (std::size_t i = 0; i < body_size; ++i) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      text += letters[(state_ >> 33) % letters.size()];
    }
    all_.push_back({where, std::move(text), "wordof" + std::to_string(all_.size()) + "x"});
    return all_.back();
  }

  std::vector<one> all_;
  std::uint64_t state_ = 20261123;
};

} // namespace troupe::test
