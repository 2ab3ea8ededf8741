# hy_web: the console (a Vite project), the page /docs and Swagger UI, embedded in the binary and compressed at build time.
# web/assets.hpp is its header. Everything of npm comes by web/package-lock.json, which tools/setup installs.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_program(HONGYAN_NODE node REQUIRED)
set(web_dir ${CMAKE_SOURCE_DIR}/web)
set(web_modules ${web_dir}/node_modules)
foreach(needed IN ITEMS swagger-ui-dist/swagger-ui-bundle.js vite/bin/vite.js)
  if(NOT EXISTS ${web_modules}/${needed})
    message(FATAL_ERROR "${needed} is missing: run tools/setup, or 'npm ci --ignore-scripts' in ${web_dir}")
  endif()
endforeach()

# The console. Its files have names with hashes, which are known only afterwards: the whole folder is embedded.
set(web_dist ${CMAKE_BINARY_DIR}/web_dist)
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web_dir}/src/*.ts ${web_dir}/src/*.vue ${web_dir}/src/*.css
  ${web_dir}/public/*)
# Written by the tools themselves, so no reason to build again.
list(FILTER web_sources EXCLUDE REGEX "/(schema|components)\\.d\\.ts$")
add_custom_command(
  OUTPUT ${web_dist}/index.html
  COMMAND ${CMAKE_COMMAND} -E env HONGYAN_BUILD=1
    ${HONGYAN_NODE} ${web_modules}/vite/bin/vite.js build --logLevel warn --outDir ${web_dist} --emptyOutDir
  DEPENDS ${web_sources} ${web_dir}/index.html ${web_dir}/vite.config.ts ${web_dir}/package-lock.json
    ${CMAKE_SOURCE_DIR}/docs/openapi.json
  WORKING_DIRECTORY ${web_dir}
  COMMENT "Building the console"
  VERBATIM)

set(web_files "")
set(web_arguments "")
macro(hongyan_asset path file)
  list(APPEND web_files ${file})
  list(APPEND web_arguments ${path}=${file})
endmacro()

hongyan_asset(docs ${web_dir}/docs/docs.html)
hongyan_asset(assets/docs/docs.css ${web_dir}/docs/docs.css)
hongyan_asset(assets/docs/docs.js ${web_dir}/docs/docs.js)
hongyan_asset(assets/docs/tokens.css ${web_dir}/src/styles/tokens.css)
foreach(name IN ITEMS swagger-ui.css swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt LICENSE NOTICE)
  hongyan_asset(assets/swagger/${name} ${web_modules}/swagger-ui-dist/${name})
endforeach()

set(web_out ${CMAKE_BINARY_DIR}/web_assets)
add_custom_command(
  OUTPUT ${web_out}/assets.S ${web_out}/assets.cpp
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/embed_assets.py --brotli ${web_dir}/tools/brotli.mjs
    ${web_out} ${web_arguments} =${web_dist}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/embed_assets.py ${web_dir}/tools/brotli.mjs ${web_dist}/index.html ${web_files}
  COMMENT "Embedding the console and the API docs"
  VERBATIM)
add_library(hy_web STATIC ${web_out}/assets.S ${web_out}/assets.cpp ${web_dir}/assets.hpp)
target_include_directories(hy_web PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(hy_web PUBLIC hy_http)
