# Channels and simulated services are found by their folders, so that a new one touches no other file.
#
#   src/channel/NAME/provider.hpp    declares  void hongyan::NAME::add_providers(ProviderList&)
#   src/universe/NAME/service.hpp    declares  void hongyan::universe::NAME::add_services(ServiceList&)
#   src/channel/NAME/channel.cmake   optional: set(channel_kinds slack)  names kinds of channel beside the five of old,
#                                    set(channel_link LIBS...)  names libraries to link (same in src/universe/NAME)
#
# hongyan_find_channels() reads them all; hongyan_channel_kinds() writes generated/channel_kinds.hpp;
# hongyan_plug_folders(channel|universe, LIBS...) makes the libraries; hongyan_plug_list(...) the one function that calls all.
set(HONGYAN_FIRST_KINDS sms email app wechat feishu)

function(hongyan_find_channels)
  set(kinds ${HONGYAN_FIRST_KINDS})
  foreach(part channel universe)
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${part}/*/*.?pp)
    set(names "")
    foreach(file ${found})
      get_filename_component(folder ${file} DIRECTORY)
      get_filename_component(name ${folder} NAME)
      list(APPEND names ${name})
    endforeach()
    list(REMOVE_DUPLICATES names)
    list(SORT names)
    set(${part}_folders ${names} PARENT_SCOPE)
    foreach(name ${names})
      set(channel_kinds "")
      set(channel_link "")
      include(${CMAKE_SOURCE_DIR}/src/${part}/${name}/channel.cmake OPTIONAL)
      list(APPEND kinds ${channel_kinds})
      set(${part}_${name}_extra ${channel_link} PARENT_SCOPE)
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES kinds)
  set(HONGYAN_KINDS ${kinds} PARENT_SCOPE)
endfunction()

function(hongyan_channel_kinds)
  list(LENGTH HONGYAN_KINDS count)
  if(count GREATER 31)
    message(FATAL_ERROR "at most 31 kinds of channel")
  endif()
  string(REPLACE ";" ", " enumerators "${HONGYAN_KINDS}")
  string(REPLACE ";" "\", \"" quoted "${HONGYAN_KINDS}")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/channel_kinds.hpp CONTENT
"// Written by cmake/channels.cmake from the folders of src/channel.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hongyan {

enum class ChannelKind : std::uint8_t { @enumerators@ };
inline constexpr std::array<std::string_view, @count@> channel_names{\"@quoted@\"};

}  // namespace hongyan
" @ONLY)
endfunction()

# hongyan_plug_folders(part LINK libs...): one library for each folder of src/<part>.
function(hongyan_plug_folders part)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  foreach(name ${${part}_folders})
    hongyan_folder(${part}/${name} LINK ${arg_LINK} ${${part}_${name}_extra})
  endforeach()
endfunction()

# hongyan_plug_list(part header function type): sources in build/generated that call every folder's function; the
# libraries are put into the variable <part>_libraries.
function(hongyan_plug_list part header function type)
  set(includes "")
  set(calls "")
  set(libraries "")
  foreach(name ${${part}_folders})
    if(EXISTS ${CMAKE_SOURCE_DIR}/src/${part}/${name}/${header})
      string(APPEND includes "#include \"${part}/${name}/${header}\"\n")
      if(part STREQUAL "channel")
        string(APPEND calls "    hongyan::${name}::${function}(list);\n")
      else()
        string(APPEND calls "    hongyan::${part}::${name}::${function}(list);\n")
      endif()
      list(APPEND libraries hy_${part}_${name})
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${part}_list.cpp CONTENT
"// Written by cmake/channels.cmake.
#include \"app/plugged.hpp\"
@includes@
namespace hongyan::app {

void add_all([[maybe_unused]] @type@& list) {
@calls@}

}  // namespace hongyan::app
" @ONLY)
  set(${part}_libraries ${libraries} PARENT_SCOPE)
endfunction()
