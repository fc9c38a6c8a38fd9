#!/usr/bin/env escript
%%! +pc unicode
%% Writes what a real Erlang prints for terms of every kind.
%% Usage: scripts/make_print_table.escript one_line > etf/tests/samples/print_table.txt
%%        scripts/make_print_table.escript lines > etf/tests/samples/print_lines.txt
%% Run with OTP 25: later releases print the keys of maps in no fixed order.
%% One term a line, columns parted by tabs. Of one_line: the term's external format in hexadecimal, then its
%% text by ~0p, ~0tp, ~w and by ~W with depth 5. Of lines: line length, column, depth, the term, then its text
%% by ~N.Cp, and by ~N.CtP with that depth, line breaks written as \x{2424}. There are no other line breaks and
%% no tabs in these texts.
-mode(compile).

main(["lines"]) ->
    ok = io:setopts([{encoding, unicode}]),
    rand:seed(exsss, {4, 5, 6}),
    Terms = [{T, N, C} || T <- containers(), {N, C} <- [{80, 1}, {40, 12}, {18, 1}, {7, 3}]]
        ++ [{report(1 + rand:uniform(4)), lists:nth(rand:uniform(5), [80, 80, 60, 40, 20]),
             lists:nth(rand:uniform(4), [1, 1, 10, rand:uniform(70)])} || _ <- lists:seq(1, 400)],
    [lines(T, N, C) || {T, N, C} <- Terms, length(lists:flatten(io_lib:format("~0p", [T]))) < 900],
    ok;
main(["one_line"]) ->
    ok = io:setopts([{encoding, unicode}]),
    rand:seed(exsss, {1, 2, 3}),
    Floats = [binary_to_term(<<131, 70, (rand:uniform(16#7fe) bsl 52 bor rand:uniform(1 bsl 52) - 1):64>>)
              || _ <- lists:seq(1, 60)]
        ++ [rand:uniform(1000000) * math:pow(10, rand:uniform(30) - 20) || _ <- lists:seq(1, 60)]
        ++ [X * S || X <- [0.0, 1.0, 10.0, 100.0, 1.0e3, 1.0e4, 12345.0, 123000.0, 0.1, 0.01, 0.001, 1.0e-4,
         1.2e-4,
                           1.2e-5, 5.0e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
                            9007199254740991.0,
                           9007199254740992.0, 9007199254740994.0, 1234567890123456.0, 4503599627370496.5,
                            0.3,
                           1.0e15, 1.0e21, 1.0e22, 1.0e23, 123456789.125], S <- [1, -1]],
    Terms = [Floats,
     -0.0] ++ Floats ++ integers() ++ [atoms()] ++ atoms() ++ strings() ++ binaries() ++ identifiers()
        ++ containers() ++ [random_term(5) || _ <- lists:seq(1, 120)],
    [line(T) || T <- Terms],
    ok.

line(T) ->
    Columns = [io_lib:format(F, [T]) || F <- ["~0p", "~0tp", "~w"]]
        ++ [io_lib:format(F, [T, 5]) || F <- ["~W"]],
    Text = lists:join("\t", [lists:flatten(C) || C <- Columns]),
    io:put_chars([hex(term_to_binary(T)), "\t", Text, "\n"]).

lines(T, N, C) ->
    Depth = 3 + rand:uniform(12),
    Texts = [io_lib:format("~*.*p", [N, C, T]), io_lib:format("~*.*tP", [N, C, T, Depth])],
    Columns = [integer_to_list(I) || I <- [N, C, Depth]] ++ [hex(term_to_binary(T))]
        ++ [[case X of $\n -> 16#2424; _ -> X end || X <- lists:flatten(Text)] || Text <- Texts],
    io:put_chars([lists:join("\t", Columns), "\n"]).

hex(B) -> [io_lib:format("~2.16.0b", [X]) || <<X>> <= B].

integers() ->
    [0, 1, -1, 255, 256, (1 bsl 59) - 1, 1 bsl 59, 1 bsl 60, -(1 bsl 60), -(1 bsl 60) - 1, 1 bsl 63,
     1 bsl 64, -(1 bsl 64),
     1 bsl 300, -(3 bsl 700)].

atoms() ->
    ['', a, 'A', 'a b', ab@c_1, 'å', 'aå', 'Å', '÷', 'a÷', 'a×', 'ÿ', 'ß', 'Ā', 'a\x{3b1}', '\n', '\x{7f}',
     '\x{85}', 'a\'b',
     'a"b', 'a\\b', '\e', '\x{1}', 'end', 'when', '_', '@', 'a.b', '1a', 'aπ', '\x{1f600}', '\x{a0}',
      'andalso',
     'cond', 'let', 'not', query, 'a-b', aB, 'Elixir.User', nonode@nohost, true].

strings() ->
    ["", "abc", "a\"b\\c'", "\n\t\v\b\r\f\e", "å", "\x{a0}ÿ", [127], [1], [0], "\x{3b1}bc", [16#fffe],
     [16#d800],
     [16#10ffff], [16#110000], [97 | 98], [a | "bc"], "\x{ad}", [16#85], [-1], [1 bsl 70], ["ab", "cd"],
      [97 | <<"b">>],
     [1.0 | "abc"], [[], [[]]], lists:seq(1, 40), lists:seq($0, $~), lists:duplicate(100, $a),
     string:copies("word and ", 20)].

binaries() ->
    [<<>>, <<"abc">>, <<"a\"b\\\n'">>, <<"å"/utf8>>, <<229>>, <<"\x{3b1}b"/utf8>>, <<1, 2, 3>>, <<1:1>>,
     <<"ab", 1:3>>,
     <<255, 254>>, <<0>>, <<"a", 0>>, <<"\x{1f600}"/utf8>>, <<194, 133>>, <<194, 160>>, <<"abc\x{a0}">>,
      <<5:7>>,
     binary:copy(<<"abcdefghij">>, 20), binary:copy(<<1, 2, 3>>, 50), <<239, 191, 190>>, <<"tab\tå"/utf8>>].

identifiers() ->
    Ext = fun(B) -> binary_to_term(iolist_to_binary([131 | B])) end,
    [fun lists:map/2, fun 'Elixir.Foo':'bar-x'/1, fun a:'end'/1, fun 'x\ny':'a\'b\\'/3,
     fun 'A':'1'/255,
     Ext([112, <<(4 + 1 + 16 + 8 + 6 + 2 + 2 + 19):32>>, 2, <<1:128, 5:32, 0:32>>, <<119, 3, "a b">>, 97, 9,
      97, 33,
          <<88, 119, 3, "a@h", 1:32, 2:32, 3:32>>])].

containers() ->
    [{}, {1}, {a, {b, {c, {d, {e, {f, {g}}}}}}}, [1, [2, [3, [4, [5, [6, [7]]]]]]], #{}, #{a => 1},
     #{1 => a, 1.0 => b, b => 2, a => 1, "x" => y, <<"x">> => z, {} => [], [] => {}},
     maps:from_list([{list_to_atom("key" ++ integer_to_list(I)), I} || I <- lists:seq(1, 30)]),
     #{#{a => 1} => #{b => #{}}}, [{a, 1}, {b, "two"}, {c, <<"three">>}], {error, {badarg, [{lists, map, 2,
      []}]}},
     {'EXIT', {function_clause, [{lists, map, [fun lists:map/2, not_a_list], [{file, "lists.erl"}, {line,
      1241}]},
                                 {erl_eval, do_apply, 6, [{file, "erl_eval.erl"}, {line, 672}]}]}},
     [a | b], [a, b | c], [[a | b] | c], {[{}], [[]], #{}}, list_to_tuple(lists:seq(1, 60)),
     [{list_to_atom("name" ++ integer_to_list(I)), "value", I * 1.5} || I <- lists:seq(1, 20)],
     #{name => <<"a rather long name that fills some of the line">>, list => lists:seq(1, 30),
       nested => #{deep => {tuple, [with, "strings", and_atoms]}, other => [{a, b}, {c, d}]}}].

random_term(0) -> random_leaf();
random_term(D) ->
    N = rand:uniform(6) - 1,
    case rand:uniform(6) of
        1 -> list_to_tuple([random_term(D - 1) || _ <- lists:seq(1, N)]);
        2 -> [random_term(D - 1) || _ <- lists:seq(1, N)];
        3 -> maps:from_list([{random_term(D div 2), random_term(D - 1)} || _ <- lists:seq(1, N)]);
        4 -> [random_term(D - 1) | random_leaf()];
        _ -> random_leaf()
    end.

random_leaf() ->
    case rand:uniform(7) of
        1 -> rand:uniform(1000) - 500;
        2 -> rand:uniform(100000) / 1000;
        3 -> lists:nth(rand:uniform(length(atoms())), atoms());
        4 -> lists:nth(rand:uniform(length(strings())), strings());
        5 -> lists:nth(rand:uniform(length(binaries())), binaries());
        6 -> rand:uniform(1 bsl 80);
        7 -> []
    end.

%% Nested, tagged, with names and texts of the lengths that make lines break.
report(0) -> unit();
report(D) ->
    N = case rand:uniform(8) of 1 -> 12 + rand:uniform(20); _ -> rand:uniform(6) - 1 end,
    Parts = [report(D - 1) || _ <- lists:seq(1, N)],
    case rand:uniform(7) of
        1 -> list_to_tuple([name() | Parts]);
        2 -> list_to_tuple(Parts);
        3 -> [{name(), P} || P <- Parts];
        4 -> maps:from_list([{lists:nth(rand:uniform(4), [name(), name(), name(), unit()]), P} || P <- Parts]);
        5 -> lists:foldl(fun(P, Tail) -> [P | Tail] end, unit(), Parts);
        6 -> Parts;
        7 -> unit()
    end.

unit() ->
    case rand:uniform(8) of
        1 -> name();
        2 -> rand:uniform(1 bsl (3 * rand:uniform(24)));
        3 -> rand:uniform(100000) / 1000;
        4 -> lists:append([atom_to_list(name()) ++ " " || _ <- lists:seq(1, rand:uniform(12))]);
        5 -> list_to_binary([atom_to_list(ab@c_1) || _ <- lists:seq(1, rand:uniform(12))]);
        6 -> list_to_binary([rand:uniform(256) - 1 || _ <- lists:seq(1, rand:uniform(60))]);
        7 -> <<(rand:uniform(1 bsl 100)):(rand:uniform(100))>>;
        8 -> lists:nth(rand:uniform(4), [[], {}, #{}, <<>>])
    end.

name() ->
    Names = [a, ok, state, supervisor, timeout_value, 'with blank', 'End', 'naïve÷',
             a_long_name_of_an_atom_as_modules_have_them],
    lists:nth(rand:uniform(length(Names)), Names).
