#include "cli/log.hpp"

#include "gateway/http/text.hpp"
#include "protocol/json.hpp"
#include "protocol/log_about.hpp"
#include "protocol/redact.hpp"

#include <boost/json/serialize.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <random>

namespace troupe {

namespace {

std::string_view view(spdlog::string_view_t s) {
  return {s.data(), s.size()};
}

std::string clean(spdlog::details::log_msg const& m) {
  return redact(view(m.payload));
}

/// One line stays one line, and a terminal is sent no commands.
std::string printable(std::string_view text) {
  std::string out;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (c == '\n')
      out += "\\n";
    else if (byte < ' ' || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

/// Bytes that are no UTF-8 (of a program's output, say) cannot stand in JSON.
std::string text_for_json(std::string text) {
  if (valid_utf8(text))
    return text;
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80)
      c = '?';
  }
  return text;
}

std::string rfc3339(spdlog::log_clock::time_point at) {
  auto const ms = std::chrono::time_point_cast<std::chrono::milliseconds>(at);
  auto const rest = ms.time_since_epoch().count() % 1000;
  std::time_t const seconds = spdlog::log_clock::to_time_t(ms);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, rest);
}

/// Of lines that are about the process: these belong together, too.
std::string const& of_this_process() {
  static std::string const id = [] {
    std::random_device random;
    return fmt::format("process-{:08x}{:08x}", random(), random());
  }();
  return id;
}

class json_lines : public spdlog::formatter {
public:
  void format(spdlog::details::log_msg const& m, spdlog::memory_buf_t& out) override {
    json::object line{{"time", rfc3339(m.time)},
                      {"level", view(spdlog::level::to_string_view(m.level))},
                      {"logger", view(m.logger_name)},
                      {"message", text_for_json(clean(m))}};
    auto about = log_about::id();
    line.emplace("correlation",
                 about.empty() ? of_this_process() : text_for_json(std::move(about)));
    auto const text = boost::json::serialize(line);
    out.append(text.data(), text.data() + text.size());
    out.push_back('\n');
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<json_lines>();
  }
};

class text_lines : public spdlog::formatter {
public:
  void format(spdlog::details::log_msg const& m, spdlog::memory_buf_t& out) override {
    auto text = printable(clean(m));
    if (auto const about = log_about::id(); !about.empty())
      text += " correlation=" + printable(about);
    auto shown = m;
    shown.payload = text;
    pattern_.format(shown, out);
    // The range that is coloured is found by the pattern, for the sink that reads it of `m`.
    m.color_range_start = shown.color_range_start;
    m.color_range_end = shown.color_range_end;
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<text_lines>();
  }

private:
  spdlog::pattern_formatter pattern_{"%H:%M:%S.%e %^%-5l%$ %v"};
};

} // namespace

std::unique_ptr<spdlog::formatter> log_lines(std::string const& format) {
  if (format == "json")
    return std::make_unique<json_lines>();
  return std::make_unique<text_lines>();
}

void set_up_log(std::string const& name, log_settings const& s) {
  auto log = spdlog::stderr_color_mt(name);
  log->set_level(spdlog::level::from_str(s.level));
  log->set_formatter(log_lines(s.format));
  spdlog::set_default_logger(std::move(log));
}

} // namespace troupe
