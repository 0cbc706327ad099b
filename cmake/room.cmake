# SPDX-License-Identifier: Apache-2.0
# A room is a folder and a static library of the same name. Whoever links dwellmap_<room> includes its headers as
# "room/header.hpp"; for everybody else there is no such file.
function(dwellmap_room room)
  add_library(dwellmap_${room} STATIC ${ARGN})
  add_library(dwellmap::${room} ALIAS dwellmap_${room})
  set(entrance ${PROJECT_BINARY_DIR}/rooms/${room})
  file(MAKE_DIRECTORY ${entrance})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${entrance}/${room} SYMBOLIC)
  target_include_directories(dwellmap_${room} PUBLIC $<BUILD_INTERFACE:${entrance}>)
  target_link_libraries(dwellmap_${room} PRIVATE $<BUILD_INTERFACE:dwellmap_options>)
  set_target_properties(dwellmap_${room} PROPERTIES EXPORT_NAME ${room})
endfunction()
