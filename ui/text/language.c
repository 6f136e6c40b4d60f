/* Languages: those that chat models are asked about most. */
#include <config.h>

#include "ui/text/language.h"

#define C_WORDS \
    " auto break case const continue default do else enum extern for goto if inline register restrict return sizeof " \
    "static struct switch typedef union volatile while _Atomic _Generic _Noreturn _Static_assert "
#define C_TYPES \
    " void char short int long float double signed unsigned bool _Bool size_t ssize_t ptrdiff_t int8_t int16_t " \
    "int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t wchar_t FILE NULL true false nullptr "
#define JS_WORDS \
    " async await break case catch class const continue debugger default delete do else export extends finally for " \
    "from function get if import in instanceof let new of return set static super switch this throw try typeof var " \
    "void while with yield abstract as declare enum implements interface keyof namespace private protected public " \
    "readonly type "
#define JS_TYPES " true false null undefined NaN Infinity any boolean never number object string symbol unknown "

/* clang-format off */
const struct language languages[] = {
    {.names = " c h ", .keywords = C_WORDS, .types = C_TYPES,
     .comment = "//", .open = "/*", .close = "*/", .quotes = "\"'",
     .flags = LANGUAGE_HASH_LINES | LANGUAGE_CALLS},
    {.names = " c++ cpp cc cxx hpp hh c# cs csharp cuda ",
     .keywords = C_WORDS "alignas alignof catch class concept consteval constexpr constinit const_cast co_await "
                         "co_return co_yield decltype delete dynamic_cast explicit export final friend import module "
                         "mutable namespace new noexcept operator override private protected public reinterpret_cast "
                         "requires static_assert static_cast template this throw try typeid typename using virtual "
                         "abstract as async await base event foreach get in interface internal is lock out params "
                         "readonly ref sealed set var yield ",
     .types = C_TYPES "string vector map set array auto decimal object dynamic byte std ",
     .comment = "//", .open = "/*", .close = "*/", .quotes = "\"'", .flags = LANGUAGE_HASH_LINES | LANGUAGE_CALLS},
    {.names = " python py python3 py3 pycon ipython ",
     .keywords = " and as assert async await break case class continue def del elif else except finally for from "
                 "global if import in is lambda match nonlocal not or pass raise return try while with yield ",
     .types = " None True False self cls int float str bytes bool list dict set tuple object type Exception ",
     .comment = "#", .quotes = "\"'", .long_strings = {{"\"\"\"", "\"\"\""}, {"'''", "'''"}},
     .flags = LANGUAGE_CALLS | LANGUAGE_AT_WORDS},
    {.names = " javascript js jsx mjs cjs node typescript ts tsx ", .keywords = JS_WORDS, .types = JS_TYPES,
     .comment = "//", .open = "/*", .close = "*/", .quotes = "\"'", .long_strings = {{"`", "`"}},
     .flags = LANGUAGE_CALLS | LANGUAGE_AT_WORDS | LANGUAGE_TYPE_NAMES},
    {.names = " java kotlin kt scala groovy ",
     .keywords = " abstract assert break case catch class const continue default do else enum extends final finally "
                 "for goto if implements import instanceof interface native new package private protected public "
                 "record return sealed static strictfp super switch synchronized this throw throws transient try var "
                 "void volatile while yield fun val when object override open data companion in is def trait with "
                 "match ",
     .types = " boolean byte char double float int long short true false null ",
     .comment = "//", .open = "/*", .close = "*/", .quotes = "\"'", .long_strings = {{"\"\"\"", "\"\"\""}},
     .flags = LANGUAGE_CALLS | LANGUAGE_AT_WORDS | LANGUAGE_TYPE_NAMES},
    {.names = " go golang ",
     .keywords = " break case chan const continue default defer else fallthrough for func go goto if import interface "
                 "map package range return select struct switch type var ",
     .types = " any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune "
              "string uint uint8 uint16 uint32 uint64 uintptr true false nil iota ",
     .comment = "//", .open = "/*", .close = "*/", .quotes = "\"'", .long_strings = {{"`", "`"}},
     .flags = LANGUAGE_CALLS},
    {.names = " rust rs ",
     .keywords = " as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod "
                 "move mut pub ref return self static struct super trait type unsafe use where while ",
     .types = " bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize true false ",
     .comment = "//", .open = "/*", .close = "*/", .quotes = "\"'",
     .flags = LANGUAGE_CALLS | LANGUAGE_LIFETIMES | LANGUAGE_HASH_LINES | LANGUAGE_TYPE_NAMES | LANGUAGE_LONG_QUOTES},
    {.names = " bash sh shell zsh ksh fish console shell-session terminal dockerfile makefile make ",
     .keywords = " if then else elif fi for while until do done case esac in function select return exit break "
                 "continue local export readonly declare set unset shift trap source alias eval exec FROM RUN CMD COPY "
                 "ADD ENV ARG WORKDIR EXPOSE ENTRYPOINT USER VOLUME ",
     .types = " echo printf read cd test true false sudo ",
     .comment = "#", .quotes = "\"'", .flags = LANGUAGE_VARIABLES | LANGUAGE_DASHES | LANGUAGE_LONG_QUOTES},
    {.names = " sql mysql postgres postgresql psql sqlite plsql ",
     .keywords = " add all alter and as asc begin between by cascade case check column commit constraint create cross "
                 "database default delete desc distinct drop else end except exists explain foreign from full grant "
                 "group having if in index inner insert intersect into is join key left like limit not null offset on "
                 "or order outer over partition pragma primary references returning right rollback row rows select set "
                 "table then trigger union unique update using values view when where with ",
     .types = " bigint blob boolean char date decimal double float int integer json numeric real serial smallint text "
              "time timestamp uuid varchar true false ",
     .comment = "--", .open = "/*", .close = "*/", .quotes = "\"'`",
     .flags = LANGUAGE_ANY_CASE | LANGUAGE_CALLS | LANGUAGE_LONG_QUOTES | LANGUAGE_PLAIN_QUOTES},
    {.names = " json jsonc json5 jsonl ", .types = " true false null ", .comment = "//", .open = "/*", .close = "*/",
     .quotes = "\"", .flags = LANGUAGE_KEYS},
    {.names = " yaml yml toml ini conf cfg properties env ", .types = " true false null yes no on off ", .comment = "#",
     .quotes = "\"'", .flags = LANGUAGE_KEYS | LANGUAGE_DASHES},
    {.names = " html xml svg xhtml htm vue rss xsd ", .open = "<!--", .close = "-->", .flags = LANGUAGE_MARKUP},
    {.names = " css scss less sass ", .keywords = " important ", .open = "/*", .close = "*/", .quotes = "\"'",
     .flags = LANGUAGE_KEYS | LANGUAGE_DASHES | LANGUAGE_AT_WORDS | LANGUAGE_SELECTORS | LANGUAGE_CALLS |
              LANGUAGE_VARIABLES},
    {.names = " lua ",
     .keywords = " and break do else elseif end for function goto if in local not or repeat return then until while ",
     .types = " true false nil self ", .comment = "--", .open = "--[[", .close = "]]", .quotes = "\"'",
     .long_strings = {{"[[", "]]"}}, .flags = LANGUAGE_CALLS},
    {.names = " ruby rb irb ",
     .keywords = " alias and begin break case class def defined do else elsif end ensure for if in module next not or "
                 "redo require require_relative rescue retry return super then undef unless until when while yield "
                 "attr_accessor attr_reader attr_writer include extend raise ",
     .types = " true false nil self puts ", .comment = "#", .open = "=begin", .close = "=end", .quotes = "\"'`",
     .flags = LANGUAGE_CALLS | LANGUAGE_AT_WORDS | LANGUAGE_TYPE_NAMES | LANGUAGE_VARIABLES},
    {.names = " diff patch udiff ", .flags = LANGUAGE_DIFF},
    {0},
};
/* clang-format on */
