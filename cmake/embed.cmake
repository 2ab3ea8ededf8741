# hy_web: the web pages and Swagger UI, embedded in the binary and compressed at build time. web/assets.hpp is its header.
# web/pages/X.html is served at /X (index.html at /), web/assets/FILE at /assets/FILE; Swagger UI, which tools/setup
# fetches with npm, under /assets/swagger/.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(web_dir ${CMAKE_SOURCE_DIR}/web)
set(swagger_dir ${web_dir}/node_modules/swagger-ui-dist)
set(swagger_names swagger-ui.css swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt LICENSE NOTICE)
if(NOT EXISTS ${swagger_dir}/swagger-ui-bundle.js)
  message(FATAL_ERROR "Swagger UI is missing: run tools/setup, or 'npm ci' in ${web_dir}")
endif()

set(web_files "")
set(web_arguments "")
macro(hongyan_asset path file)
  list(APPEND web_files ${file})
  list(APPEND web_arguments ${path}=${file})
endmacro()

file(GLOB pages CONFIGURE_DEPENDS ${web_dir}/pages/*.html)
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME_WE)
  string(REGEX REPLACE "^index$" "index.html" name ${name})
  hongyan_asset(${name} ${page})
endforeach()
file(GLOB assets CONFIGURE_DEPENDS ${web_dir}/assets/*)
foreach(asset IN LISTS assets)
  get_filename_component(name ${asset} NAME)
  hongyan_asset(assets/${name} ${asset})
endforeach()
foreach(name IN LISTS swagger_names)
  hongyan_asset(assets/swagger/${name} ${swagger_dir}/${name})
endforeach()

set(web_out ${CMAKE_BINARY_DIR}/web_assets)
add_custom_command(
  OUTPUT ${web_out}/assets.S ${web_out}/assets.cpp
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/embed_assets.py ${web_out} ${web_arguments}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/embed_assets.py ${web_files}
  COMMENT "Embedding the web pages"
  VERBATIM)
add_library(hy_web STATIC ${web_out}/assets.S ${web_out}/assets.cpp ${web_dir}/assets.hpp)
target_include_directories(hy_web PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(hy_web PUBLIC hy_http)
