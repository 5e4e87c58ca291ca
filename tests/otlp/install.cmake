# Installs what package-lock.json names, once, and says what to do where that cannot be. Without
# optional packages: they are programs for tools of the receiver that are not used here.
set(here ${CMAKE_CURRENT_LIST_DIR})
set(installed ${here}/node_modules/.package-lock.json) # npm writes it last
if(EXISTS ${installed} AND NOT ${here}/package-lock.json IS_NEWER_THAN ${installed})
  return()
endif()
execute_process(COMMAND ${NPM} ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error
                WORKING_DIRECTORY ${here}
                RESULT_VARIABLE code OUTPUT_QUIET)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "npm could not install the packages of tests/otlp; is the npm registry reached "
                      "from this machine? Without it leave this out (./dev test -E otlp:).")
endif()
