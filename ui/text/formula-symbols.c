/* Formula symbols: tables, sorted by name where they are searched by it. */
#include <config.h>

#include "ui/text/formula-symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define ORD FORMULA_ORDINARY
#define BIN FORMULA_BINARY
#define REL FORMULA_RELATION
#define OPR FORMULA_OPERATOR
#define FUN FORMULA_FUNCTION
#define LIM FORMULA_LIMIT
#define OPE FORMULA_OPENING
#define CLO FORMULA_CLOSING

/* clang-format off */
static const struct formula_symbol symbols[] = {
    {" ", " ", FORMULA_BLANK}, {"#", "#", ORD}, {"$", "$", ORD}, {"%", "%", ORD}, {"&", "&", ORD},
    {",", " ", FORMULA_BLANK}, {":", " ", FORMULA_BLANK}, {";", " ", FORMULA_BLANK}, {">", " ", FORMULA_BLANK},
    {"Alpha", "Α", ORD}, {"Beta", "Β", ORD}, {"Box", "□", ORD}, {"Chi", "Χ", ORD}, {"Delta", "Δ", ORD},
    {"Downarrow", "⇓", REL}, {"Epsilon", "Ε", ORD}, {"Eta", "Η", ORD}, {"Gamma", "Γ", ORD}, {"Im", "ℑ", ORD},
    {"Iota", "Ι", ORD}, {"Kappa", "Κ", ORD}, {"Lambda", "Λ", ORD}, {"Leftarrow", "⇐", REL},
    {"Leftrightarrow", "⇔", REL}, {"Longleftarrow", "⟸", REL}, {"Longleftrightarrow", "⟺", REL},
    {"Longrightarrow", "⟹", REL}, {"Mu", "Μ", ORD}, {"Nu", "Ν", ORD}, {"Omega", "Ω", ORD}, {"P", "¶", ORD},
    {"Phi", "Φ", ORD}, {"Pi", "Π", ORD}, {"Pr", "Pr", LIM}, {"Psi", "Ψ", ORD}, {"Re", "ℜ", ORD}, {"Rho", "Ρ", ORD},
    {"Rightarrow", "⇒", REL}, {"S", "§", ORD}, {"Sigma", "Σ", ORD}, {"Tau", "Τ", ORD}, {"Theta", "Θ", ORD},
    {"Uparrow", "⇑", REL}, {"Updownarrow", "⇕", REL}, {"Upsilon", "Υ", ORD}, {"Vdash", "⊩", REL},
    {"Vert", "‖", ORD}, {"Xi", "Ξ", ORD}, {"Zeta", "Ζ", ORD}, {"_", "_", ORD}, {"aleph", "ℵ", ORD},
    {"alpha", "α", ORD}, {"amalg", "⨿", BIN}, {"angle", "∠", ORD}, {"approx", "≈", REL}, {"arccos", "arccos", FUN},
    {"arcsin", "arcsin", FUN}, {"arctan", "arctan", FUN}, {"arg", "arg", FUN}, {"ast", "∗", BIN},
    {"asymp", "≍", REL}, {"backprime", "‵", ORD}, {"backslash", "\\", ORD}, {"barwedge", "⊼", BIN},
    {"because", "∵", REL}, {"beta", "β", ORD}, {"beth", "ℶ", ORD}, {"bigcap", "⋂", OPR}, {"bigcup", "⋃", OPR},
    {"bigodot", "⨀", OPR}, {"bigoplus", "⨁", OPR}, {"bigotimes", "⨂", OPR}, {"bigsqcup", "⨆", OPR},
    {"bigstar", "★", ORD}, {"biguplus", "⨄", OPR}, {"bigvee", "⋁", OPR}, {"bigwedge", "⋀", OPR},
    {"blacksquare", "■", ORD}, {"bot", "⊥", ORD}, {"bowtie", "⋈", REL}, {"boxplus", "⊞", BIN},
    {"boxtimes", "⊠", BIN}, {"bullet", "∙", BIN}, {"cap", "∩", BIN}, {"cdot", "·", BIN}, {"cdots", "⋯", ORD},
    {"checkmark", "✓", ORD}, {"chi", "χ", ORD}, {"circ", "∘", BIN}, {"clubsuit", "♣", ORD},
    {"colon", ":", FORMULA_POINT}, {"coloneqq", "≔", REL}, {"complement", "∁", ORD}, {"cong", "≅", REL},
    {"coprod", "∐", OPR}, {"copyright", "©", ORD}, {"cos", "cos", FUN}, {"cosh", "cosh", FUN}, {"cot", "cot", FUN},
    {"coth", "coth", FUN}, {"csc", "csc", FUN}, {"cup", "∪", BIN}, {"dag", "†", ORD}, {"dagger", "†", ORD},
    {"dashv", "⊣", REL}, {"ddag", "‡", ORD}, {"ddagger", "‡", ORD}, {"ddots", "⋱", ORD}, {"deg", "deg", FUN},
    {"degree", "°", ORD}, {"delta", "δ", ORD}, {"det", "det", LIM}, {"diamond", "⋄", BIN},
    {"diamondsuit", "♢", ORD}, {"dim", "dim", FUN}, {"div", "÷", BIN}, {"doteq", "≐", REL}, {"dots", "…", ORD},
    {"dotsb", "⋯", ORD}, {"dotsc", "…", ORD}, {"dotsi", "⋯", ORD}, {"dotsm", "⋯", ORD}, {"dotso", "…", ORD},
    {"downarrow", "↓", REL}, {"ell", "ℓ", ORD}, {"emptyset", "∅", ORD}, {"enspace", " ", FORMULA_BLANK},
    {"epsilon", "ϵ", ORD}, {"equiv", "≡", REL}, {"eta", "η", ORD}, {"eth", "ð", ORD}, {"euro", "€", ORD},
    {"exists", "∃", ORD}, {"exp", "exp", FUN}, {"flat", "♭", ORD}, {"forall", "∀", ORD}, {"gamma", "γ", ORD},
    {"gcd", "gcd", LIM}, {"ge", "≥", REL}, {"geq", "≥", REL}, {"geqslant", "⩾", REL}, {"gets", "←", REL},
    {"gg", "≫", REL}, {"ggg", "⋙", REL}, {"gt", ">", REL}, {"gtrsim", "≳", REL}, {"hbar", "ℏ", ORD},
    {"heartsuit", "♡", ORD}, {"hom", "hom", FUN}, {"hookleftarrow", "↩", REL}, {"hookrightarrow", "↪", REL},
    {"hslash", "ℏ", ORD}, {"iff", "⟺", REL}, {"iiint", "∭", FORMULA_INTEGRAL}, {"iint", "∬", FORMULA_INTEGRAL},
    {"imath", "ı", ORD}, {"impliedby", "⟸", REL}, {"implies", "⟹", REL}, {"in", "∈", REL}, {"inf", "inf", LIM},
    {"infty", "∞", ORD}, {"int", "∫", FORMULA_INTEGRAL}, {"iota", "ι", ORD}, {"jmath", "ȷ", ORD},
    {"kappa", "κ", ORD}, {"ker", "ker", FUN}, {"lVert", "‖", OPE}, {"lambda", "λ", ORD}, {"land", "∧", BIN},
    {"langle", "⟨", OPE}, {"lbrace", "{", OPE}, {"lbrack", "[", OPE}, {"lceil", "⌈", OPE}, {"ldots", "…", ORD},
    {"le", "≤", REL}, {"leadsto", "⇝", REL}, {"leftarrow", "←", REL}, {"leftharpoondown", "↽", REL},
    {"leftharpoonup", "↼", REL}, {"leftrightarrow", "↔", REL}, {"leftrightharpoons", "⇋", REL}, {"leq", "≤", REL},
    {"leqslant", "⩽", REL}, {"lessgtr", "≶", REL}, {"lesssim", "≲", REL}, {"lfloor", "⌊", OPE}, {"lg", "lg", FUN},
    {"lgroup", "(", OPE}, {"lim", "lim", LIM}, {"liminf", "lim inf", LIM}, {"limsup", "lim sup", LIM},
    {"ll", "≪", REL}, {"lll", "⋘", REL}, {"ln", "ln", FUN}, {"lnot", "¬", ORD}, {"log", "log", FUN},
    {"longleftarrow", "⟵", REL}, {"longleftrightarrow", "⟷", REL}, {"longmapsto", "⟼", REL},
    {"longrightarrow", "⟶", REL}, {"lor", "∨", BIN}, {"lozenge", "◊", ORD}, {"lparen", "(", OPE}, {"lt", "<", REL},
    {"ltimes", "⋉", BIN}, {"lvert", "|", OPE}, {"mapsto", "↦", REL}, {"max", "max", LIM},
    {"measuredangle", "∡", ORD}, {"medspace", " ", FORMULA_BLANK}, {"mho", "℧", ORD}, {"mid", "∣", REL},
    {"min", "min", LIM}, {"models", "⊨", REL}, {"mp", "∓", BIN}, {"mu", "μ", ORD}, {"nRightarrow", "⇏", REL},
    {"nabla", "∇", ORD}, {"natural", "♮", ORD}, {"ne", "≠", REL}, {"nearrow", "↗", REL}, {"neg", "¬", ORD},
    {"neq", "≠", REL}, {"nexists", "∄", ORD}, {"ni", "∋", REL}, {"nmid", "∤", REL},
    {"nobreakspace", " ", FORMULA_BLANK}, {"notin", "∉", REL}, {"nparallel", "∦", REL}, {"nrightarrow", "↛", REL},
    {"nsubseteq", "⊈", REL}, {"nu", "ν", ORD}, {"nwarrow", "↖", REL}, {"odot", "⊙", BIN},
    {"oiint", "∯", FORMULA_INTEGRAL}, {"oint", "∮", FORMULA_INTEGRAL}, {"omega", "ω", ORD}, {"omicron", "ο", ORD},
    {"ominus", "⊖", BIN}, {"oplus", "⊕", BIN}, {"oslash", "⊘", BIN}, {"otimes", "⊗", BIN}, {"owns", "∋", REL},
    {"parallel", "∥", REL}, {"partial", "∂", ORD}, {"perp", "⊥", REL}, {"phi", "ϕ", ORD}, {"pi", "π", ORD},
    {"pm", "±", BIN}, {"pounds", "£", ORD}, {"prec", "≺", REL}, {"preceq", "⪯", REL}, {"prime", "′", ORD},
    {"prod", "∏", OPR}, {"propto", "∝", REL}, {"psi", "ψ", ORD}, {"qquad", "    ", FORMULA_BLANK},
    {"quad", "  ", FORMULA_BLANK}, {"rVert", "‖", CLO}, {"rangle", "⟩", CLO}, {"rbrace", "}", CLO},
    {"rbrack", "]", CLO}, {"rceil", "⌉", CLO}, {"rfloor", "⌋", CLO}, {"rgroup", ")", CLO}, {"rho", "ρ", ORD},
    {"rightarrow", "→", REL}, {"rightharpoondown", "⇁", REL}, {"rightharpoonup", "⇀", REL},
    {"rightleftarrows", "⇄", REL}, {"rightleftharpoons", "⇌", REL}, {"rightsquigarrow", "⇝", REL},
    {"rparen", ")", CLO}, {"rtimes", "⋊", BIN}, {"rvert", "|", CLO}, {"searrow", "↘", REL}, {"sec", "sec", FUN},
    {"setminus", "∖", BIN}, {"sharp", "♯", ORD}, {"sigma", "σ", ORD}, {"sim", "∼", REL}, {"simeq", "≃", REL},
    {"sin", "sin", FUN}, {"sinh", "sinh", FUN}, {"smallsetminus", "∖", BIN}, {"space", " ", FORMULA_BLANK},
    {"spadesuit", "♠", ORD}, {"sqcap", "⊓", BIN}, {"sqcup", "⊔", BIN}, {"sqsubseteq", "⊑", REL},
    {"sqsupseteq", "⊒", REL}, {"square", "□", ORD}, {"star", "⋆", BIN}, {"subset", "⊂", REL},
    {"subseteq", "⊆", REL}, {"subsetneq", "⊊", REL}, {"succ", "≻", REL}, {"succeq", "⪰", REL}, {"sum", "∑", OPR},
    {"sup", "sup", LIM}, {"supset", "⊃", REL}, {"supseteq", "⊇", REL}, {"supsetneq", "⊋", REL}, {"surd", "√", ORD},
    {"swarrow", "↙", REL}, {"tan", "tan", FUN}, {"tanh", "tanh", FUN}, {"tau", "τ", ORD}, {"therefore", "∴", REL},
    {"theta", "θ", ORD}, {"thickspace", " ", FORMULA_BLANK}, {"thinspace", " ", FORMULA_BLANK}, {"times", "×", BIN},
    {"to", "→", REL}, {"top", "⊤", ORD}, {"triangle", "△", ORD}, {"triangleq", "≜", REL},
    {"twoheadrightarrow", "↠", REL}, {"uparrow", "↑", REL}, {"updownarrow", "↕", REL}, {"uplus", "⊎", BIN},
    {"upsilon", "υ", ORD}, {"vDash", "⊨", REL}, {"varepsilon", "ε", ORD}, {"varkappa", "ϰ", ORD},
    {"varnothing", "∅", ORD}, {"varphi", "φ", ORD}, {"varpi", "ϖ", ORD}, {"varrho", "ϱ", ORD},
    {"varsigma", "ς", ORD}, {"vartheta", "ϑ", ORD}, {"vdash", "⊢", REL}, {"vdots", "⋮", ORD}, {"vee", "∨", BIN},
    {"veebar", "⊻", BIN}, {"vert", "|", ORD}, {"wedge", "∧", BIN}, {"wp", "℘", ORD}, {"wr", "≀", BIN},
    {"xi", "ξ", ORD}, {"yen", "¥", ORD}, {"zeta", "ζ", ORD}, {"{", "{", OPE}, {"|", "‖", ORD}, {"}", "}", CLO},
};
/* clang-format on */

struct wanted {
    const char *name;
    size_t size;
};

static int compare_name(const void *key, const void *entry)
{
    const struct wanted *w = key;
    const char *name = ((const struct formula_symbol *)entry)->name;
    int order = strncmp(w->name, name, w->size);
    return order != 0 ? order : name[w->size] == '\0' ? 0 : -1;
}

const struct formula_symbol *formula_find_symbol(const char *name, size_t size)
{
    struct wanted w = {name, size};
    return bsearch(&w, symbols, sizeof symbols / sizeof *symbols, sizeof *symbols, compare_name);
}

/* ---- alphabets --------------------------------------------------------------------------------------------------- */

/* Letters that Unicode had before it had the rest of their alphabet. */
static const struct {
    enum formula_alphabet alphabet;
    char letter;
    uint16_t code;
} early[] = {
    {FORMULA_DOUBLE, 'C', 0x2102},  {FORMULA_DOUBLE, 'H', 0x210D},  {FORMULA_DOUBLE, 'N', 0x2115},
    {FORMULA_DOUBLE, 'P', 0x2119},  {FORMULA_DOUBLE, 'Q', 0x211A},  {FORMULA_DOUBLE, 'R', 0x211D},
    {FORMULA_DOUBLE, 'Z', 0x2124},  {FORMULA_SCRIPT, 'B', 0x212C},  {FORMULA_SCRIPT, 'E', 0x2130},
    {FORMULA_SCRIPT, 'F', 0x2131},  {FORMULA_SCRIPT, 'H', 0x210B},  {FORMULA_SCRIPT, 'I', 0x2110},
    {FORMULA_SCRIPT, 'L', 0x2112},  {FORMULA_SCRIPT, 'M', 0x2133},  {FORMULA_SCRIPT, 'R', 0x211B},
    {FORMULA_SCRIPT, 'e', 0x212F},  {FORMULA_SCRIPT, 'g', 0x210A},  {FORMULA_SCRIPT, 'o', 0x2134},
    {FORMULA_FRAKTUR, 'C', 0x212D}, {FORMULA_FRAKTUR, 'H', 0x210C}, {FORMULA_FRAKTUR, 'I', 0x2111},
    {FORMULA_FRAKTUR, 'R', 0x211C}, {FORMULA_FRAKTUR, 'Z', 0x2128},
};

uint32_t formula_letter(uint32_t code, enum formula_alphabet alphabet)
{
    static const struct {
        uint32_t upper, lower, digit; /* of A, a and 0; 0: none */
    } first[] = {
        [FORMULA_BOLD] = {0x1D400, 0x1D41A, 0x1D7CE}, [FORMULA_DOUBLE] = {0x1D538, 0x1D552, 0x1D7D8},
        [FORMULA_SCRIPT] = {0x1D49C, 0x1D4B6, 0},     [FORMULA_FRAKTUR] = {0x1D504, 0x1D51E, 0},
        [FORMULA_SANS] = {0x1D5A0, 0x1D5BA, 0x1D7E2}, [FORMULA_MONO] = {0x1D670, 0x1D68A, 0x1D7F6},
    };
    if (alphabet == FORMULA_PLAIN)
        return code;
    for (size_t i = 0; i < sizeof early / sizeof *early; i++)
        if (early[i].alphabet == alphabet && (uint32_t)early[i].letter == code)
            return early[i].code;
    if (code >= 'A' && code <= 'Z')
        return first[alphabet].upper + code - 'A';
    if (code >= 'a' && code <= 'z')
        return first[alphabet].lower + code - 'a';
    if (code >= '0' && code <= '9' && first[alphabet].digit != 0)
        return first[alphabet].digit + code - '0';
    if (alphabet == FORMULA_BOLD && code >= 0x391 && code <= 0x3A9)
        return 0x1D6A8 + code - 0x391;
    if (alphabet == FORMULA_BOLD && code >= 0x3B1 && code <= 0x3C9)
        return 0x1D6C2 + code - 0x3B1;
    return code;
}

/* ---- other forms ------------------------------------------------------------------------------------------------- */

struct form {
    const char *from, *to;
};

static const char *find_form(const struct form *forms, size_t n, const char *text, size_t size)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(forms[i].from) == size && memcmp(forms[i].from, text, size) == 0)
            return forms[i].to;
    return NULL;
}

const char *formula_raised(const char *text, size_t size)
{
    static const struct form forms[] = {
        {"0", "⁰"}, {"1", "¹"}, {"2", "²"}, {"3", "³"}, {"4", "⁴"}, {"5", "⁵"}, {"6", "⁶"}, {"7", "⁷"}, {"8", "⁸"},
        {"9", "⁹"}, {"+", "⁺"}, {"-", "⁻"}, {"=", "⁼"}, {"(", "⁽"}, {")", "⁾"}, {"a", "ᵃ"}, {"b", "ᵇ"}, {"c", "ᶜ"},
        {"d", "ᵈ"}, {"e", "ᵉ"}, {"f", "ᶠ"}, {"g", "ᵍ"}, {"h", "ʰ"}, {"i", "ⁱ"}, {"j", "ʲ"}, {"k", "ᵏ"}, {"l", "ˡ"},
        {"m", "ᵐ"}, {"n", "ⁿ"}, {"o", "ᵒ"}, {"p", "ᵖ"}, {"r", "ʳ"}, {"s", "ˢ"}, {"t", "ᵗ"}, {"u", "ᵘ"}, {"v", "ᵛ"},
        {"w", "ʷ"}, {"x", "ˣ"}, {"y", "ʸ"}, {"z", "ᶻ"}, {"A", "ᴬ"}, {"B", "ᴮ"}, {"D", "ᴰ"}, {"E", "ᴱ"}, {"G", "ᴳ"},
        {"H", "ᴴ"}, {"I", "ᴵ"}, {"J", "ᴶ"}, {"K", "ᴷ"}, {"L", "ᴸ"}, {"M", "ᴹ"}, {"N", "ᴺ"}, {"O", "ᴼ"}, {"P", "ᴾ"},
        {"R", "ᴿ"}, {"T", "ᵀ"}, {"U", "ᵁ"}, {"V", "ⱽ"}, {"W", "ᵂ"}, {"−", "⁻"}, {"β", "ᵝ"}, {"γ", "ᵞ"}, {"δ", "ᵟ"},
        {"θ", "ᶿ"}, {"φ", "ᵠ"}, {"χ", "ᵡ"}, {"′", "′"}, {"″", "″"}, {"‴", "‴"}, {"∘", "°"}, {"°", "°"},
    };
    return find_form(forms, sizeof forms / sizeof *forms, text, size);
}

const char *formula_lowered(const char *text, size_t size)
{
    static const struct form forms[] = {
        {"0", "₀"}, {"1", "₁"}, {"2", "₂"}, {"3", "₃"}, {"4", "₄"}, {"5", "₅"}, {"6", "₆"}, {"7", "₇"},
        {"8", "₈"}, {"9", "₉"}, {"+", "₊"}, {"-", "₋"}, {"=", "₌"}, {"(", "₍"}, {")", "₎"}, {"a", "ₐ"},
        {"e", "ₑ"}, {"h", "ₕ"}, {"i", "ᵢ"}, {"j", "ⱼ"}, {"k", "ₖ"}, {"l", "ₗ"}, {"m", "ₘ"}, {"n", "ₙ"},
        {"o", "ₒ"}, {"p", "ₚ"}, {"r", "ᵣ"}, {"s", "ₛ"}, {"t", "ₜ"}, {"u", "ᵤ"}, {"v", "ᵥ"}, {"x", "ₓ"},
        {"−", "₋"}, {"β", "ᵦ"}, {"γ", "ᵧ"}, {"ρ", "ᵨ"}, {"φ", "ᵩ"}, {"χ", "ᵪ"},
    };
    return find_form(forms, sizeof forms / sizeof *forms, text, size);
}

const char *formula_negated(const char *text)
{
    static const struct form forms[] = {
        {"=", "≠"}, {"∈", "∉"}, {"∋", "∌"}, {"<", "≮"}, {">", "≯"}, {"≤", "≰"}, {"≥", "≱"}, {"⊂", "⊄"}, {"⊃", "⊅"},
        {"⊆", "⊈"}, {"⊇", "⊉"}, {"≡", "≢"}, {"∼", "≁"}, {"≈", "≉"}, {"≅", "≇"}, {"∥", "∦"}, {"∣", "∤"}, {"∃", "∄"},
    };
    return find_form(forms, sizeof forms / sizeof *forms, text, strlen(text));
}
