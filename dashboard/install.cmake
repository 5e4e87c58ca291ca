# Installs what package-lock.json names, and says what to do where that cannot be.
execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
                WORKING_DIRECTORY ${FOLDER}
                RESULT_VARIABLE code OUTPUT_QUIET)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "npm could not install the dashboard's packages; is the npm registry reached "
                      "from this machine? Without it build with -DTROUPE_DASHBOARD=OFF "
                      "(TROUPE_DASHBOARD=OFF ./dev build).")
endif()
