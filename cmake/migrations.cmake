# hongyan_migrations(): turns src/table/migrations/NNNN_name.sql into a source file of hy_table that holds their texts.
function(hongyan_migrations)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/table/migrations/*.sql)
  list(SORT files)
  set(rows "")
  foreach(file ${files})
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME_WE)
    string(REGEX MATCH "^[0-9]+" version ${name})
    math(EXPR version "1${version} - 10000")
    file(READ ${file} sql)
    # A raw string literal may hold 64 KiB; a migration that outgrows it should be two.
    string(APPEND rows "    {${version}, \"${name}\", R\"sql(${sql})sql\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/migrations.cpp CONTENT
"#include \"table/migrations.hpp\"

namespace hongyan::table {

std::span<const Migration> migrations() {
    static constexpr Migration all[] = {
@rows@    };
    return all;
}

}  // namespace hongyan::table
" @ONLY)
  target_sources(hy_table PRIVATE ${CMAKE_BINARY_DIR}/generated/migrations.cpp)
endfunction()
