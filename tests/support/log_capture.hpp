#pragma once

#include "protocol/log_about.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace troupe::test {

/// Takes what this process logs until its end, with what each line is about.
class log_capture {
public:
  struct line {
    std::string text;
    std::string about; ///< the correlation id
  };

  log_capture() : sink_(std::make_shared<sink>()), before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("captured", sink_));
  }
  ~log_capture() { spdlog::set_default_logger(before_); }
  log_capture(log_capture const&) = delete;
  log_capture& operator=(log_capture const&) = delete;

  /// Lines that hold this text.
  [[nodiscard]] std::vector<line> with(std::string const& text) const {
    std::lock_guard lock{sink_->guard};
    std::vector<line> out;
    std::copy_if(sink_->lines.begin(), sink_->lines.end(), std::back_inserter(out),
                 [&](line const& l) { return l.text.find(text) != std::string::npos; });
    return out;
  }

private:
  struct sink : spdlog::sinks::base_sink<spdlog::details::null_mutex> {
    void sink_it_(spdlog::details::log_msg const& m) override {
      std::lock_guard lock{guard};
      lines.push_back({{m.payload.data(), m.payload.size()}, log_about::id()});
    }
    void flush_() override {}
    mutable std::mutex guard;
    std::vector<line> lines;
  };
  std::shared_ptr<sink> sink_;
  std::shared_ptr<spdlog::logger> before_;
};

} // namespace troupe::test
