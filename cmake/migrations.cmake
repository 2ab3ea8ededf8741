# hongyan_migrations(): turns src/table/migrations/NNNN_name.sql (SQLite) and migrations/postgres/NNNN_name.sql into a source
# file of hy_table that holds their texts.
function(hongyan_migration_rows folder out)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
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
  set(${out} "${rows}" PARENT_SCOPE)
endfunction()

function(hongyan_migrations)
  hongyan_migration_rows(${CMAKE_SOURCE_DIR}/src/table/migrations sqlite_rows)
  hongyan_migration_rows(${CMAKE_SOURCE_DIR}/src/table/migrations/postgres postgres_rows)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/migrations.cpp CONTENT
"#include \"table/migrations.hpp\"

namespace hongyan::table {

std::span<const Migration> migrations(Dialect dialect) {
    static constexpr Migration sqlite[] = {
@sqlite_rows@    };
    static constexpr Migration postgres[] = {
@postgres_rows@    };
    if (dialect == Dialect::postgres) return postgres;
    return sqlite;
}

}  // namespace hongyan::table
" @ONLY)
  target_sources(hy_table PRIVATE ${CMAKE_BINARY_DIR}/generated/migrations.cpp)
endfunction()
