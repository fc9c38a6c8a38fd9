#!/usr/bin/env escript
%% Writes etf/tests/samples: one encoded term per file, made by a real BEAM, and samples.txt, which says what each is.
%%
%% Usage: scripts/make_samples.escript [DIRECTORY]       (on OTP 25; OTP 29 is asked for what only it writes)
%%
%% samples.txt has one line per sample: name, tab, `canonical` (today's BEAM writes just these bytes), `deterministic`
%% (it does so with that option), `legacy` (it only reads them) or `private` (only the node that wrote them reads them),
%% tab, the term as ~0tp prints it, or `-` where that depends on the node that prints.

main([]) -> main([filename:join(filename:dirname(escript:script_name()), "../etf/tests/samples")]);
main([Directory]) ->
    ok = filelib:ensure_dir(filename:join(Directory, "x")),
    Lines = [write(Directory, Sample) || Sample <- canonical() ++ deterministic() ++ legacy() ++ newer()],
    ok = file:write_file(filename:join(Directory, "samples.txt"), unicode:characters_to_binary(Lines)).

write(Directory, {Name, How, Bytes, Text}) ->
    ok = file:write_file(filename:join(Directory, Name ++ ".bin"), Bytes),
    [Name, $\t, atom_to_list(How), $\t, Text, $\n].

utf8(Term) -> term_to_binary(Term, [{minor_version, 2}]).
text(Term) -> io_lib:format("~0tp", [Term]).

canonical() ->
    [{Name, canonical, utf8(Term), text(Term)} || {Name, Term} <- plain_terms()] ++
        [{Name, canonical, utf8(binary_to_term(Bytes)), "-"} || {Name, Bytes} <- identifiers()] ++
        [{"compressed", canonical, term_to_binary(lists:duplicate(200, abc), [compressed, {minor_version, 2}]),
          text(lists:duplicate(200, abc))},
         {"new_fun", canonical, utf8(fun_with_environment({some, "environment"})), "-"}].

plain_terms() ->
    [{"small_integer_0", 0}, {"small_integer_255", 255},
     {"integer_256", 256}, {"integer_minus_1", -1},
     {"integer_max", 16#7fffffff}, {"integer_min", -16#80000000},
     {"small_big_2_to_31", 16#80000000}, {"small_big_below_int32", -16#80000001},
     {"small_big_59_bits", (1 bsl 59) - 1}, {"small_big_60_bits", (1 bsl 60) - 1}, {"small_big_61_bits", 1 bsl 60},
     {"small_big_minus_2_to_60", -(1 bsl 60)}, {"small_big_uint64_max", (1 bsl 64) - 1},
     {"small_big_int64_min", -(1 bsl 63)}, {"small_big_65_bits", 1 bsl 64},
     {"small_big_255_bytes", (1 bsl 2040) - 1}, {"large_big_256_bytes", 1 bsl 2040},
     {"large_big_negative", -(1 bsl 4099)},
     {"new_float", 1.5}, {"new_float_minus_zero", -0.0}, {"new_float_tiny", 5.0e-324},
     {"new_float_huge", 1.7976931348623157e308},
     {"small_atom_utf8", ok}, {"small_atom_utf8_empty", ''}, {"small_atom_utf8_quoted", 'Hello world'},
     {"small_atom_utf8_latin1", 'åäö'}, {"small_atom_utf8_greek", 'λάμδα'},
     {"atom_utf8_long", list_to_atom(lists:duplicate(255, 955))},
     {"small_tuple_empty", {}}, {"small_tuple", {add, 1, {2}}},
     {"small_tuple_255", list_to_tuple(lists:seq(1, 255))}, {"large_tuple_256", list_to_tuple(lists:seq(1, 256))},
     {"nil", []}, {"string", "hello"}, {"string_byte_edges", [0, 255]},
     {"list", [1, ok, "abc", []]}, {"list_not_bytes", [1, 256]}, {"list_improper", [alias | 5]},
     {"list_improper_bytes", [1, 2 | 3]}, {"list_nested", [[[[]]], [[a]]]},
     {"binary_empty", <<>>}, {"binary", <<"hello">>}, {"binary_64", binary:copy(<<"x">>, 64)},
     {"binary_65", binary:copy(<<"y">>, 65)},
     {"bit_binary_3", <<5:3>>}, {"bit_binary_15", <<1, 1:7>>},
     {"map_empty", #{}}, {"map_1", #{key => <<"value">>}},
     {"export_fun", fun lists:map/2}].

deterministic() ->
    [{Name, deterministic, term_to_binary(Term, [deterministic, {minor_version, 2}]), text_of_map(Term)}
     || {Name, Term} <- [{"map_atoms", #{b => 1, a => 2, zz => 3, 'Z' => 4}},
                         {"map_mixed", #{1 => a, 1.0 => b, a => c, <<"k">> => d, {t} => e, [] => f, "l" => g}},
                         {"map_33", maps:from_list([{I, I * I} || I <- lists:seq(1, 33)])},
                         {"map_nested", #{#{a => 1} => #{b => #{}}, #{} => []}}]].

%% The BEAM prints large maps in hash order.
text_of_map(Map) when map_size(Map) =< 32 -> text(Map);
text_of_map(_) -> "-".

fun_with_environment(Value) -> fun(X) -> {X, Value} end.

%% Identifiers of a node that does not exist, so that the bytes are the same whoever writes them.
identifiers() ->
    Node = <<119, 12, "them@example">>,
    [{"new_pid", <<131, 88, Node/binary, 1:32, 2:32, 16#12345678:32>>},
     {"new_pid_wide", <<131, 88, Node/binary, 16#ffffffff:32, 16#fffffffe:32, 16#ffffffff:32>>},
     {"v4_port", <<131, 120, Node/binary, 16#123456789abcdef0:64, 7:32>>},
     {"newer_reference_1", <<131, 90, 1:16, Node/binary, 9:32, 1:32>>},
     {"newer_reference_3", <<131, 90, 3:16, Node/binary, 9:32, 1:32, 2:32, 3:32>>},
     {"newer_reference_5", <<131, 90, 5:16, Node/binary, 9:32, 1:32, 2:32, 3:32, 4:32, 5:32>>}].

%% What nobody writes any more, or only this release does; the BEAM vouches for it by reading it.
legacy() ->
    Node = <<119, 12, "them@example">>,
    Printed = [{"float_text", term_to_binary(1.5, [{minor_version, 0}])},
               {"float_text_negative", term_to_binary(-1.0e-300, [{minor_version, 0}])},
               {"atom_latin1", term_to_binary(ok, [{minor_version, 1}])},
               {"atom_latin1_accents", term_to_binary('åäö', [{minor_version, 1}])},
               {"small_atom_latin1", <<131, 115, 3, 229, 228, 246>>},
               {"string_empty", <<131, 107, 0:16>>},
               {"list_of_tail_only", <<131, 108, 0:32, 97, 7>>},
               {"small_big_padded", <<131, 110, 4, 1, 5, 0, 0, 0>>},
               {"small_big_zero_bytes", <<131, 110, 0, 0>>},
               {"bit_binary_whole", <<131, 77, 2:32, 8, 1, 2>>},
               {"integer_small", <<131, 98, 5:32>>},
               {"large_tuple_small", <<131, 105, 1:32, 97, 1>>}],
    Opaque = [{"new_port", <<131, 89, Node/binary, 5:32, 7:32>>},
              {"reference", <<131, 101, Node/binary, 77:32, 3>>},
              {"port", <<131, 102, Node/binary, 77:32, 3>>},
              {"pid", <<131, 103, Node/binary, 77:32, 1:32, 3>>},
              {"new_reference", <<131, 114, 3:16, Node/binary, 3, 1:32, 2:32, 3:32>>}],
    [{Name, legacy, Bytes, text(binary_to_term(Bytes))} || {Name, Bytes} <- Printed] ++
        [begin _ = binary_to_term(Bytes), {Name, legacy, Bytes, "-"} end || {Name, Bytes} <- Opaque].

%% Native records, and LOCAL_EXT, which no other node can read.
newer() ->
    Record = <<131, 67, 2:32, 1, 119, 6, "shapes", 119, 5, "point", 119, 1, "x", 119, 1, "y", 97, 1, 97, 2>>,
    [{"record", canonical, from_otp(29, io_lib:format("term_to_binary(binary_to_term(~w), [{minor_version, 2}])",
                                                      [Record])), "-"},
     {"local", private, from_otp(29, "term_to_binary({self(), ok}, [local])"), "-"}].

from_otp(Release, Expression) ->
    Otp = filename:join(filename:dirname(escript:script_name()), "otp"),
    Command = lists:flatten(io_lib:format("~ts erl ~w -- -noinput -eval 'io:put_chars(base64:encode(~ts)), halt().'",
                                          [Otp, Release, Expression])),
    base64:decode(lists:last(string:lexemes(os:cmd(Command), "\n"))).
