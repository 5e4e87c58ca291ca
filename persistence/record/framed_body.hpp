#pragma once

#include "persistence/record/packed_text.hpp"

/// What every body of a record or a segment begins with: its form, the dictionary of its text, and
/// a sum over all of it and over what stands beside it in its row.
namespace troupe::records {

/// Texts that stand beside a body and are covered by its sum.
using beside = std::initializer_list<std::string_view>;

/// A body with room for all three; the form stands in it already.
[[nodiscard]] std::string begin_body(char form);
/// Fills in the rest, once all that follows is there.
void end_body(std::string& body, std::uint8_t dictionary, beside texts);
/// Takes the three; answers the dictionary. Throws malformed unless form and sum are right.
[[nodiscard]] std::uint8_t check_body(byte_reader& in, std::string_view body, char form,
                                      beside texts);

} // namespace troupe::records
