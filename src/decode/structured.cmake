# CSV, TSV and JSON decoders. simdjson's first pass (token positions) is used; simdjson must come first among the shared
# libraries of a program: libparquet exports simdjson symbols of another version, and the first one wins.
evclean_room(decode_structured
  SOURCES structured_record.cpp
    csv_scan.cpp csv_index.cpp csv_trial.cpp csv_layout.cpp csv_decoder.cpp csv_record.cpp csv_first_record.cpp
    json_text.cpp json_tokens.cpp json_keys.cpp json_expected.cpp json_row.cpp json_row_alike.cpp json_row_expected.cpp json_frame.cpp json_decoder.cpp
  ROOMS table
  PACKAGES PkgConfig::SIMDJSON)
target_link_options(evclean_decode_structured INTERFACE -Wl,--push-state,--no-as-needed -lsimdjson -Wl,--pop-state)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND EVCLEAN_ARCH)
  # Every processor with AVX2 multiplies without carry, but x86-64-v3 does not say so.
  set_source_files_properties(csv_index.cpp PROPERTIES COMPILE_OPTIONS -mpclmul SKIP_PRECOMPILE_HEADERS ON)
endif()
