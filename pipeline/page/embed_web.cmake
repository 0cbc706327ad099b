# SPDX-License-Identifier: Apache-2.0
# cmake -D OUTPUT=web_pages.cpp -D "FILES=a.html;b.js" -P embed_web.cmake: the files as a C++ table, see web_pages.hpp.
set(arrays "")
set(table "")
set(index 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  get_filename_component(extension ${file} LAST_EXT)
  if(extension STREQUAL ".html")
    set(type "text/html; charset=utf-8")
  elseif(extension STREQUAL ".css")
    set(type "text/css; charset=utf-8")
  elseif(extension STREQUAL ".js")
    set(type "text/javascript; charset=utf-8")
  else()
    message(FATAL_ERROR "embed_web.cmake: no content type for ${file}")
  endif()
  if(name STREQUAL "index.html")
    set(path "/")
  else()
    set(path "/${name}")
  endif()
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(................................................................)" "\\1\"\n    \"" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
  string(APPEND arrays "constexpr char file_${index}[] =\n    \"${bytes}\";\n")
  string(APPEND table "    {\"${path}\", \"${type}\", {file_${index}, sizeof file_${index} - 1}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by embed_web.cmake.
#include \"page/web_pages.hpp\"
namespace dwellmap {
namespace {
${arrays}constexpr WebPage pages[] = {
${table}};
}  // namespace
const WebPage* find_page(std::string_view path) noexcept {
    for (const auto& page : pages)
        if (page.path == path) return &page;
    return nullptr;
}
}  // namespace dwellmap
")
