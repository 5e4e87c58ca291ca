#include "gateway/routes/dashboard.hpp"

// In a build without the dashboard, in place of the files that Vite makes.
std::vector<troupe::dashboard_file> const& troupe::dashboard_files() {
  static std::vector<dashboard_file> const none;
  return none;
}
