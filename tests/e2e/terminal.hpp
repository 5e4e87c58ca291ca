#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace troupe::test {

/// A program on a terminal of its own, as a person starts it. Killed by the destructor.
class terminal {
public:
  explicit terminal(std::vector<std::string> const& arguments);
  ~terminal();
  terminal(terminal const&) = delete;
  terminal& operator=(terminal const&) = delete;

  /// Reads until this was printed after what was waited for before; false where it does not come,
  /// or the program ends first.
  [[nodiscard]] bool sees(std::string const& text,
                          std::chrono::seconds limit = std::chrono::seconds{60});
  void type(std::string const& keys) const;
  /// Reads to the end; the exit code, 128 + signal, -1 where it did not end in time.
  [[nodiscard]] int wait(std::chrono::seconds limit = std::chrono::seconds{90});
  /// Everything that was printed so far.
  [[nodiscard]] std::string const& screen() const { return screen_; }

private:
  /// False at the end, or when nothing came in time.
  bool read_more(std::chrono::steady_clock::time_point until);

  int pid_ = -1;
  int keyboard_ = -1;
  std::string screen_;
  std::size_t seen_ = 0;
};

} // namespace troupe::test
