#include "actors/domain/state_document.hpp"

#include <iostream>

/// `troupe_statedoc > docs/state-machines.md`
int main() {
  std::cout << troupe::state_document();
}
