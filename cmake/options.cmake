# One interface target carries every flag, so that a folder cannot differ by accident.
add_library(troupe_options INTERFACE)
target_compile_features(troupe_options INTERFACE cxx_std_20)
target_include_directories(troupe_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(troupe_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(TROUPE_WERROR)
  target_compile_options(troupe_options INTERFACE -Werror)
endif()
# GCC 12 takes std::string{"a"} + "b" for an overrun where it inlines both (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(
    troupe_options
    INTERFACE -Wno-array-bounds -Wno-restrict
              "$<$<CONFIG:RelWithDebInfo>:-Wno-stringop-overflow;-Wno-stringop-overread>")
endif()
target_compile_definitions(
  troupe_options INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                           BOOST_ASIO_NO_DEPRECATED CATCH_CONFIG_FAST_COMPILE)
if(NOT TROUPE_TAP)
  target_compile_definitions(troupe_options INTERFACE TROUPE_WITHOUT_TAP)
endif()
if(TROUPE_SANITIZE)
  target_compile_options(troupe_options INTERFACE -fsanitize=${TROUPE_SANITIZE}
                                                  -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(troupe_options INTERFACE -fsanitize=${TROUPE_SANITIZE})
  # GCC 12 sees uninitialised values in <regex> where the sanitizers have rearranged it.
  target_compile_options(troupe_options INTERFACE -Wno-maybe-uninitialized)
  if(TROUPE_SANITIZE STREQUAL thread)
    target_compile_options(troupe_options INTERFACE -Wno-tsan) # fences in Asio: not followed
  endif()
endif()
# The allocator of the programs (docs/decisions/0011-jemalloc.md). The sanitizers have their own.
add_library(troupe_allocator INTERFACE)
if(NOT TROUPE_SANITIZE)
  find_library(TROUPE_JEMALLOC jemalloc REQUIRED)
  target_link_libraries(troupe_allocator INTERFACE ${TROUPE_JEMALLOC})
endif()
find_program(TROUPE_MOLD mold)
if(TROUPE_MOLD)
  target_link_options(troupe_options INTERFACE -fuse-ld=mold)
endif()
# A build that learns where its time goes, or one that knows it (docs/decisions/0017-profile-guided.md).
if(TROUPE_PROFILE STREQUAL record)
  target_compile_options(troupe_options INTERFACE
    -fprofile-generate -fprofile-update=prefer-atomic -fprofile-prefix-path=${CMAKE_BINARY_DIR})
  target_link_options(troupe_options INTERFACE -fprofile-generate)
elseif(TROUPE_PROFILE)
  # What the recording did not come by is compiled as ever, not for size.
  target_compile_options(troupe_options INTERFACE
    -fprofile-use=${TROUPE_PROFILE} -fprofile-partial-training -fprofile-prefix-path=${CMAKE_BINARY_DIR}
    -Wno-missing-profile -Wno-coverage-mismatch)
endif()
if(TROUPE_LTO)
  target_compile_options(troupe_options INTERFACE -flto=auto -fno-fat-lto-objects)
  target_link_options(troupe_options INTERFACE -flto=auto)
endif()
# Where ccache may keep precompiled headers, it must not find them by preprocessed text: that text has
# no comments, but `#pragma once` goes by the header's bytes, so a comment that changed would bring
# back a precompiled header whose headers are then read a second time. CCACHE_DEPEND goes by the bytes,
# and the namespace keeps away from what was stored without it.
find_program(TROUPE_CCACHE ccache)
if(TROUPE_CCACHE AND NOT TROUPE_PROFILE)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_DEPEND=1 CCACHE_NAMESPACE=troupe-by-bytes ${TROUPE_CCACHE})
endif()

# troupe_test(name LABEL label SOURCES ... LIBS ... [PRECOMPILED header ...]): one Catch2
# executable, each case a ctest. What is precompiled is Catch2 with the headers named, or what all
# tests share.
function(troupe_test name)
  cmake_parse_arguments(T "" "LABEL" "SOURCES;LIBS;PRECOMPILED" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE troupe_test_main ${T_LIBS})
  if(T_PRECOMPILED)
    target_precompile_headers(${name} PRIVATE <catch2/catch.hpp> ${T_PRECOMPILED})
  else()
    target_precompile_headers(${name} REUSE_FROM troupe_test_common)
  endif()
  # A name that comes to its program as another one (a `;` in it) must not pass by running nothing.
  catch_discover_tests(${name} EXTRA_ARGS --warn NoTests PROPERTIES LABELS ${T_LABEL} TIMEOUT 300)
endfunction()
