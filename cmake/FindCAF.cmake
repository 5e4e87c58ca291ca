# Debian's libcaf-dev ships no CMake package, so this finds the pieces.
# Makes CAF::core, CAF::io, CAF::openssl for the components asked for.
find_path(CAF_INCLUDE_DIR caf/all.hpp)
if(CAF_INCLUDE_DIR)
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" _caf REGEX "#define CAF_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" _caf "${_caf}") # 1706 means 0.17.6
  math(EXPR _major "${_caf} / 10000")
  math(EXPR _minor "(${_caf} / 100) % 100")
  math(EXPR _patch "${_caf} % 100")
  set(CAF_VERSION "${_major}.${_minor}.${_patch}")
endif()
foreach(_part IN LISTS CAF_FIND_COMPONENTS)
  find_library(CAF_${_part}_LIBRARY caf_${_part})
  if(CAF_INCLUDE_DIR AND CAF_${_part}_LIBRARY)
    set(CAF_${_part}_FOUND TRUE)
    if(NOT TARGET CAF::${_part})
      add_library(CAF::${_part} UNKNOWN IMPORTED)
      set_target_properties(CAF::${_part} PROPERTIES
        IMPORTED_LOCATION "${CAF_${_part}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}")
    endif()
  endif()
endforeach()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_INCLUDE_DIR
  VERSION_VAR CAF_VERSION HANDLE_COMPONENTS)
