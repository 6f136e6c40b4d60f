/* Tests of ui/text/formula: what formulas look like, that what is not understood stays as it is written, and that
 * every character shown comes from somewhere in the formula. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "tests/cmocka.h"
#include "ui/text/formula.h"

/* A formula, its form in one line (NULL: it stays as written) and in two dimensions (NULL: the same line, or the same
 * refusal). */
/* clang-format off */
static const struct {
    const char *latex, *line, *block;
} constructs[] = {
    {"x^3 - 4x", "x³ − 4x", NULL},
    {"x_0", "x₀", NULL},
    {"x_{n-1}", "xₙ₋₁", NULL},
    {"a^{-1}", "a⁻¹", NULL},
    {"10^{-3}", "10⁻³", NULL},
    {"x^{(2)}", "x⁽²⁾", NULL},
    {"A^T", "Aᵀ", NULL},
    {"A^{-1}", "A⁻¹", NULL},
    {"A^\\dagger", "A^†", " †\nA"},
    {"x^*", "x^*", " *\nx"},
    {"z^{*}", "z^*", " *\nz"},
    {"e^x", "eˣ", NULL},
    {"e^{2x}", "e²ˣ", NULL},
    {"2^{2^n}", "2^(2ⁿ)", " 2ⁿ\n2"},
    {"x'", "x′", NULL},
    {"y''", "y″", NULL},
    {"f'''", "f‴", NULL},
    {"f^{(n)}(x)", "f⁽ⁿ⁾(x)", NULL},
    {"T^{\\mu\\nu}", "T^(μν)", " μν\nT"},
    {"\\Gamma^{\\lambda}_{\\mu\\nu}", "Γ_(μν)^(λ)", " λ\nΓ\n μν"},
    {"\\sin(x)", "sin(x)", NULL},
    {"\\cos x", "cos x", NULL},
    {"\\arctan\\frac{y}{x}", "arctan (y/x)", "       y\narctan ─\n       x"},
    {"\\ln x", "ln x", NULL},
    {"\\log\\frac{a}{b}", "log (a/b)", "    a\nlog ─\n    b"},
    {"\\exp(-x)", "exp(−x)", NULL},
    {"\\sup_{x} f(x)", "supₓ f(x)", "sup f(x)\n x"},
    {"\\arg\\max_x f(x)", "arg maxₓ f(x)", "arg max f(x)\n     x"},
    {"\\operatorname*{argmax}_{\\theta} L(\\theta)", "argmax_(θ) L(θ)", "argmax L(θ)\n  θ"},
    {"\\gcd(a, b)", "gcd(a, b)", NULL},
    {"\\limsup_{n \\to \\infty} a_n", "lim sup_(n→∞) aₙ", "lim sup aₙ\n  n→∞"},
    {"\\frac12", "1/2", "1\n─\n2"},
    {"\\frac{1}{2}", "1/2", "1\n─\n2"},
    {"\\frac{x}{y} + \\frac{z}{w}", "x/y + z/w", "x   z\n─ + ─\ny   w"},
    {"\\frac{a}{b}^2", "(a/b)²", "⎛a⎞²\n⎜─⎟\n⎝b⎠"},
    {"-\\frac{b}{2a}", "−b/(2a)", "  b\n− ──\n  2a"},
    {"2\\frac{1}{2}", "2(1/2)", "  1\n2 ─\n  2"},
    {"\\frac{dy}{dx}", "dy/dx", "dy\n──\ndx"},
    {"\\frac{\\partial f}{\\partial x}", "∂f/∂x", "∂f\n──\n∂x"},
    {"\\frac{n!}{k!(n-k)!}", "n!/(k!(n − k)!)", "    n!\n──────────\nk!(n − k)!"},
    {"\\frac{1}{\\sqrt{2\\pi\\sigma^2}} e^{-\\frac{(x-\\mu)^2}{2\\sigma^2}}", "(1/√(2πσ²))e^(−(x−μ)²/(2σ²))", "   1     −(x−μ)²/(2σ²)\n─────── e\n√(2πσ²)"},
    {"\\sqrt{x}", "√x", NULL},
    {"\\sqrt{x^2 + y^2}", "√(x² + y²)", NULL},
    {"\\sqrt{2}\\,x", "√(2) x", NULL},
    {"\\sqrt[4]{16}", "⁴√16", NULL},
    {"\\sqrt{\\sqrt{x}}", "√√x", NULL},
    {"\\int f", "∫ f", NULL},
    {"\\int_a^b f(x)\\,dx = F(b) - F(a)", "∫ₐᵇ f(x) dx = F(b) − F(a)", NULL},
    {"\\iint_D dA", "∬_(D) dA", "∬  dA\n D"},
    {"\\oint_C \\mathbf{F} \\cdot d\\mathbf{r}", "∮_(C) 𝐅 · d𝐫", "∮  𝐅 · d𝐫\n C"},
    {"\\sum_n a_n", "∑ₙ aₙ", "∑ aₙ\nn"},
    {"\\sum\\limits_{k=0}^{\\infty} \\frac{x^k}{k!}", "∑ₖ₌₀^∞ xᵏ/(k!)", " ∞  xᵏ\n ∑  ──\nk=0 k!"},
    {"\\prod_{i} p_i", "∏ᵢ pᵢ", "∏ pᵢ\ni"},
    {"\\bigcup_{i=1}^n A_i", "⋃ᵢ₌₁ⁿ Aᵢ", " n\n ⋃  Aᵢ\ni=1"},
    {"\\coprod X", "∐ X", NULL},
    {"\\leq \\geq \\neq \\approx \\equiv \\sim", "≤≥≠≈≡∼", NULL},
    {"a \\le b \\ge c \\ne d", "a ≤ b ≥ c ≠ d", NULL},
    {"a \\ll b \\gg c", "a ≪ b ≫ c", NULL},
    {"x \\in A \\cup B \\cap C", "x ∈ A ∪ B ∩ C", NULL},
    {"A \\subset B \\subseteq C \\supset D", "A ⊂ B ⊆ C ⊃ D", NULL},
    {"A \\setminus B", "A ∖ B", NULL},
    {"\\emptyset \\varnothing", "∅∅", NULL},
    {"x \\notin A", "x ∉ A", NULL},
    {"p \\land q \\lor \\neg r", "p ∧ q ∨ ¬r", NULL},
    {"p \\implies q", "p ⟹ q", NULL},
    {"p \\iff q", "p ⟺ q", NULL},
    {"p \\Rightarrow q \\Leftrightarrow r", "p ⇒ q ⇔ r", NULL},
    {"\\forall x \\in \\mathbb{N}", "∀x ∈ ℕ", NULL},
    {"\\exists! x", "∃!x", NULL},
    {"x \\to \\infty", "x → ∞", NULL},
    {"x \\mapsto x^2", "x ↦ x²", NULL},
    {"A \\leftarrow B", "A ← B", NULL},
    {"a \\rightarrow b \\longrightarrow c", "a → b ⟶ c", NULL},
    {"\\uparrow \\downarrow", "↑↓", NULL},
    {"\\therefore x = 1", "∴ x = 1", NULL},
    {"\\alpha\\beta\\gamma\\delta\\epsilon\\zeta\\eta\\theta", "αβγδϵζηθ", NULL},
    {"\\iota\\kappa\\lambda\\mu\\nu\\xi\\pi\\rho", "ικλμνξπρ", NULL},
    {"\\sigma\\tau\\upsilon\\phi\\chi\\psi\\omega", "στυϕχψω", NULL},
    {"\\Gamma\\Delta\\Theta\\Lambda\\Xi\\Pi\\Sigma\\Phi\\Psi\\Omega", "ΓΔΘΛΞΠΣΦΨΩ", NULL},
    {"\\varepsilon\\varphi\\vartheta", "εφϑ", NULL},
    {"\\mathbb{N} \\subset \\mathbb{Z} \\subset \\mathbb{Q} \\subset \\mathbb{R} \\subset \\mathbb{C}", "ℕ ⊂ ℤ ⊂ ℚ ⊂ ℝ ⊂ ℂ", NULL},
    {"\\mathcal{O}(n)", "𝒪(n)", NULL},
    {"\\mathcal{ABC}", "𝒜ℬ𝒞", NULL},
    {"\\mathfrak{g}", "𝔤", NULL},
    {"\\mathbf{v}", "𝐯", NULL},
    {"\\boldsymbol{\\alpha}", "𝛂", NULL},
    {"\\bm{x}", "𝐱", NULL},
    {"\\mathsf{T}", "𝖳", NULL},
    {"\\mathtt{x}", "𝚡", NULL},
    {"\\mathscr{F}", "ℱ", NULL},
    {"\\mathrm{Tr}(A)", "Tr(A)", NULL},
    {"\\mathit{abc}", "abc", NULL},
    {"\\hat{y}", "ŷ", NULL},
    {"\\bar{x}", "x̄", NULL},
    {"\\bar{AB}", "A̅B̅", NULL},
    {"\\vec{F} = m\\vec{a}", "F⃗ = ma⃗", NULL},
    {"\\dot{x} + \\ddot{x}", "ẋ + ẍ", NULL},
    {"\\tilde{f}", "f̃", NULL},
    {"\\overline{z}", "z̅", NULL},
    {"\\underline{ab}", "a̲b̲", NULL},
    {"\\widehat{ABC}", "\\widehat{ABC}", NULL},
    {"\\hat{\\theta}", "θ̂", NULL},
    {"\\left(x + 1\\right)", "(x + 1)", NULL},
    {"\\left[0, 1\\right)", "[0, 1)", NULL},
    {"\\left| x \\right|", "|x|", NULL},
    {"\\left\\| v \\right\\|", "‖v‖", NULL},
    {"\\left\\langle u, v \\right\\rangle", "⟨u, v⟩", NULL},
    {"\\langle \\psi | \\phi \\rangle", "⟨ψ|ϕ⟩", NULL},
    {"\\lceil x \\rceil", "⌈x⌉", NULL},
    {"\\bigl( x \\bigr)", "(x)", NULL},
    {"\\Big[ y \\Big]", "[y]", NULL},
    {"\\text{if } x > 0", "if x > 0", NULL},
    {"x \\text{ and } y", "x and y", NULL},
    {"\\mathrm{kg}\\cdot\\mathrm{m}", "kg · m", NULL},
    {"\\textbf{bold}", "bold", NULL},
    {"\\text{a_b \\% c}", "a_b % c", NULL},
    {"a\\,b\\;c\\quad d\\qquad e", "a b c  d    e", NULL},
    {"a\\!b", "ab", NULL},
    {"x~y", "x y", NULL},
    {"\\binom{n}{k} = \\frac{n!}{k!(n-k)!}", "(n choose k) = n!/(k!(n − k)!)", "⎛n⎞       n!\n⎜ ⎟ = ──────────\n⎝k⎠   k!(n − k)!"},
    {"\\boxed{x = 5}", "[ x = 5 ]", "┌───────┐\n│ x = 5 │\n└───────┘"},
    {"\\begin{matrix} 1 & 2 \\\\ 3 & 4 \\end{matrix}", "1, 2; 3, 4", "1  2\n3  4"},
    {"\\begin{Bmatrix} a \\\\ b \\end{Bmatrix}", "{a; b}", "⎰ a ⎱\n⎱ b ⎰"},
    {"\\begin{Vmatrix} a & b \\end{Vmatrix}", "‖a, b‖", "‖a  b‖"},
    {"\\left(\\begin{array}{cc|c} 1 & 2 & 3 \\\\ 4 & 5 & 6 \\end{array}\\right)", "(1, 2 | 3; 4, 5 | 6)", "⎛1  2 │ 3⎞\n⎝4  5 │ 6⎠"},
    {"|x| = \\begin{cases} x, & x \\ge 0 \\\\ -x, & x < 0 \\end{cases}", "|x| = {x,  x ≥ 0; −x,  x < 0", "      ⎰ x,   x ≥ 0\n|x| = ⎱ −x,  x < 0"},
    {"\\begin{align*} x &= 1 \\\\ y &= 2 \\end{align*}", "x = 1; y = 2", "x = 1\ny = 2"},
    {"\\begin{gathered} a = b \\\\ c = d \\end{gathered}", "a = b; c = d", "a = b\nc = d"},
    {"x = 1 \\\\ y = 2", "x = 1; y = 2", "x = 1\ny = 2"},
    {"\\begin{pmatrix} x_1 \\\\ \\vdots \\\\ x_n \\end{pmatrix}", "(x₁; ⋮; xₙ)", "⎛x₁⎞\n⎜⋮ ⎟\n⎝xₙ⎠"},
    {"\\begin{smallmatrix} a & b \\\\ c & d \\end{smallmatrix}", "a, b; c, d", "a  b\nc  d"},
    {"a \\bmod n", "a mod n", NULL},
    {"a \\equiv b \\pmod{5}", "a ≡ b (mod 5)", NULL},
    {"x = 1 \\tag{1}", "x = 1  (1)", NULL},
    {"\\color{red}{x}", "x", NULL},
    {"\\textcolor{blue}{y} + 1", "y + 1", NULL},
    {"\\displaystyle\\sum_{i} x_i", "∑ᵢ xᵢ", "∑ xᵢ\ni"},
    {"\\underbrace{x + \\dots + x}_{n \\text{ times}}", "\\underbrace{x + \\dots + x}_{n \\text{ times}}", "x + … + x\n╰───┬───╯\n n times"},
    {"\\overbrace{a+b}^{c}", "\\overbrace{a+b}^{c}", "  c\n╭─┴─╮\na + b"},
    {"\\overset{def}{=}", "\\overset{def}{=}", "def\n ="},
    {"\\underset{x}{\\min}", "\\underset{x}{\\min}", "min\n x"},
    {"X \\xrightarrow{n \\to \\infty} Y", "X ─n→∞→ Y", "   n→∞\nX ────→ Y"},
    {"\\hbar \\ell \\Re \\Im \\nabla \\partial", "ℏℓℜℑ∇∂", NULL},
    {"\\angle ABC = 90^\\circ", "∠ABC = 90°", NULL},
    {"\\pm \\mp \\times \\div \\cdot \\ast", "±∓×÷·∗", NULL},
    {"\\oplus \\otimes \\odot", "⊕⊗⊙", NULL},
    {"\\propto \\cong \\perp \\parallel", "∝≅⊥∥", NULL},
    {"\\ldots \\cdots \\vdots \\ddots", "…⋯⋮⋱", NULL},
    {"\\% \\$ \\& \\# \\_ \\{ \\}", "%$&#_{}", NULL},
    {"\\unknowncommand", "\\unknowncommand", NULL},
    {"\\unknown{a}{b} + 1", "\\unknown{a}{b} + 1", NULL},
    {"\\newcommand{\\x}{y}", NULL, NULL},
    {"a \\over b", NULL, NULL},
    {"\\begin{tikzpicture} x \\end{tikzpicture}", NULL, NULL},
    {"\\frac{a}", NULL, NULL},
    {"{a", NULL, NULL},
    {"a}", NULL, NULL},
    {"\\left( a", NULL, NULL},
    {"a^b^c", NULL, NULL},
    {"\\begin{matrix} a \\end{pmatrix}", NULL, NULL},
    {"50%", NULL, NULL},
    {"\\hline", NULL, NULL},
    {"x_{\\text{max}}", "xₘₐₓ", NULL},
    {"W_{ij}^{(l)}", "Wᵢⱼ⁽ˡ⁾", NULL},
    {"\\mathbf{W}^{(l)} \\mathbf{h}", "𝐖⁽ˡ⁾𝐡", NULL},
    {"\\nabla f(x)", "∇f(x)", NULL},
    {"\\Delta x \\to 0", "Δx → 0", NULL},
    {"\\det A", "det A", NULL},
    {"1.5 \\times 10^{-3}", "1.5 × 10⁻³", NULL},
    {"3.14", "3.14", NULL},
    {"f(x, y) = x + y", "f(x, y) = x + y", NULL},
    {"a = -b", "a = −b", NULL},
    {"(-1)^n", "(−1)ⁿ", NULL},
    {"\\|x\\|_2", "‖x‖₂", NULL},
    {"|a|^2", "|a|²", NULL},
    {"\\{x : x > 0\\}", "{x : x > 0}", NULL},
    {"x_1, x_2, \\ldots, x_n", "x₁, x₂, …, xₙ", NULL},
    {"\\text{Attention}(Q, K, V) = \\text{softmax}\\left(\\frac{QK^T}{\\sqrt{d_k}}\\right) V", "Attention(Q, K, V) = softmax(QKᵀ/√dₖ)V", "                            ⎛QKᵀ⎞\nAttention(Q, K, V) = softmax⎜───⎟V\n                            ⎝√dₖ⎠"},
    {"i\\hbar\\frac{\\partial}{\\partial t}\\Psi = \\hat{H}\\Psi", "iℏ(∂/∂t)Ψ = ĤΨ", "   ∂\niℏ ── Ψ = ĤΨ\n   ∂t"},
    {"\\begin{bmatrix} \\frac{1}{2} & 0 \\\\ 0 & 1 \\end{bmatrix}", "[1/2, 0; 0, 1]", "⎡1   ⎤\n⎢─  0⎥\n⎢2   ⎥\n⎢    ⎥\n⎣0  1⎦"},
    {"\\frac{\\frac{1}{x} + 1}{y}", "(1/x + 1)/y", " 1\n ─ + 1\n x\n───────\n   y"},
    {"\\sum_{i=1}^{n} \\sum_{j=1}^{m} a_{ij}", "∑ᵢ₌₁ⁿ ∑ⱼ₌₁ᵐ aᵢⱼ", " n   m\n ∑   ∑  aᵢⱼ\ni=1 j=1"},
    {"x^2", "x²", NULL},
    {"x^{n+1}", "xⁿ⁺¹", NULL},
    {"x_i^2", "xᵢ²", NULL},
    {"x_{i,j}", "x_(i,j)", "x\n i,j"},
    {"a_{ij}", "aᵢⱼ", NULL},
    {"x^{ab q}", "x^(abq)", " abq\nx"},
    {"e^{i\\pi} + 1 = 0", "e^(iπ) + 1 = 0", " iπ\ne   + 1 = 0"},
    {"e^{-x^2/2}", "e^(−x²/2)", " −x²/2\ne"},
    {"\\alpha + \\beta \\leq \\gamma", "α + β ≤ γ", NULL},
    {"\\frac{a}{b}", "a/b", "a\n─\nb"},
    {"\\frac{a+b}{c}", "(a + b)/c", "a + b\n─────\n  c"},
    {"\\frac{1}{2}x", "(1/2)x", "1\n─ x\n2"},
    {"\\frac{1}{ab}", "1/(ab)", "1\n──\nab"},
    {"\\frac{2a}{b+1}", "2a/(b + 1)", " 2a\n─────\nb + 1"},
    {"\\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}", "(−b ± √(b² − 4ac))/(2a)", "−b ± √(b² − 4ac)\n────────────────\n       2a"},
    {"x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}", "x = (−b ± √(b² − 4ac))/(2a)", "    −b ± √(b² − 4ac)\nx = ────────────────\n           2a"},
    {"\\sum_{i=1}^{n} x_i", "∑ᵢ₌₁ⁿ xᵢ", " n\n ∑  xᵢ\ni=1"},
    {"\\sum_{i \\in S} x_i", "∑_(i∈S) xᵢ", " ∑  xᵢ\ni∈S"},
    {"\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}", "∑ᵢ₌₁ⁿ i = n(n + 1)/2", " n      n(n + 1)\n ∑  i = ────────\ni=1        2"},
    {"\\int_0^1 f(x)\\,dx", "∫₀¹ f(x) dx", NULL},
    {"\\int_{-\\infty}^{\\infty} e^{-x^2} \\, dx = \\sqrt{\\pi}", "∫_(−∞)^∞ e^(−x²) dx = √π", " ∞   −x²\n∫   e    dx = √π\n −∞"},
    {"\\lim_{x \\to 0} \\frac{\\sin x}{x} = 1", "lim_(x→0) (sin x)/x = 1", "    sin x\nlim ───── = 1\nx→0   x"},
    {"\\prod_{k=1}^n k", "∏ₖ₌₁ⁿ k", " n\n ∏  k\nk=1"},
    {"\\sqrt{2}", "√2", NULL},
    {"\\sqrt[3]{x+1}", "³√(x + 1)", NULL},
    {"\\sqrt{\\frac{a}{b}}", "√(a/b)", " ┌──\n │a\n │─\n√│b"},
    {"\\sqrt[n]{\\frac{a}{b}}", "ⁿ√(a/b)", "  ┌──\n  │a\n  │─\nⁿ√│b"},
    {"\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}", "(a, b; c, d)", "⎛a  b⎞\n⎝c  d⎠"},
    {"\\begin{bmatrix} 1 & 0 & 0 \\\\ 0 & 1 & 0 \\\\ 0 & 0 & 1 \\end{bmatrix}", "[1, 0, 0; 0, 1, 0; 0, 0, 1]", "⎡1  0  0⎤\n⎢0  1  0⎥\n⎣0  0  1⎦"},
    {"\\begin{vmatrix} a & b \\\\ c & d \\end{vmatrix} = ad - bc", "|a, b; c, d| = ad − bc", "│a  b│\n│c  d│ = ad − bc"},
    {"A = \\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}^T", "A = [1, 2; 3, 4]ᵀ", "    ⎡1  2⎤ᵀ\nA = ⎣3  4⎦"},
    {"f(x) = \\begin{cases} x^2 & \\text{if } x \\geq 0 \\\\ -x & \\text{otherwise} \\end{cases}", "f(x) = {x²  if x ≥ 0; −x  otherwise", "       ⎰ x²  if x ≥ 0\nf(x) = ⎱ −x  otherwise"},
    {"\\begin{aligned} (a+b)^2 &= a^2 + 2ab + b^2 \\\\ &= c \\end{aligned}", "(a + b)² = a² + 2ab + b²; = c", "(a + b)² = a² + 2ab + b²\n         = c"},
    {"\\left( \\frac{a}{b} \\right)^2", "(a/b)²", "⎛a⎞²\n⎜─⎟\n⎝b⎠"},
    {"\\left[ \\sum_{i=1}^n x_i \\right]", "[∑ᵢ₌₁ⁿ xᵢ]", "⎡ n    ⎤\n⎢ ∑  xᵢ⎥\n⎣i=1   ⎦"},
    {"\\left\\{ x \\mid x > 0 \\right\\}", "{x ∣ x > 0}", NULL},
    {"\\hat{x} + \\bar{y} + \\vec{v} + \\dot{q} + \\tilde{z}", "x̂ + ȳ + v⃗ + q̇ + z̃", NULL},
    {"\\overline{AB}", "A̅B̅", NULL},
    {"\\mathbb{R}^n", "ℝⁿ", NULL},
    {"\\mathcal{L}(\\theta)", "ℒ(θ)", NULL},
    {"\\mathbf{x}^\\top \\mathbf{W}", "𝐱^⊤𝐖", " ⊤\n𝐱 𝐖"},
    {"\\text{speed} = \\frac{\\text{distance}}{\\text{time}}", "speed = distance/time", "        distance\nspeed = ────────\n          time"},
    {"\\operatorname{softmax}(z_i) = \\frac{e^{z_i}}{\\sum_{j} e^{z_j}}", "softmax(zᵢ) = e^(zᵢ)/(∑ⱼ e^(zⱼ))", "                 zᵢ\n                e\nsoftmax(zᵢ) = ───────\n                  zⱼ\n               ∑ e\n               j"},
    {"\\binom{n}{k}", "(n choose k)", "⎛n⎞\n⎜ ⎟\n⎝k⎠"},
    {"\\boxed{42}", "[ 42 ]", "┌────┐\n│ 42 │\n└────┘"},
    {"\\boxed{x = \\frac{1}{2}}", "[ x = 1/2 ]", "┌───────┐\n│     1 │\n│ x = ─ │\n│     2 │\n└───────┘"},
    {"\\nabla \\cdot \\mathbf{E} = \\frac{\\rho}{\\varepsilon_0}", "∇ · 𝐄 = ρ/ε₀", "        ρ\n∇ · 𝐄 = ──\n        ε₀"},
    {"\\foo{x} + 1", "\\foo{x} + 1", NULL},
    {"\\frac{d}{dx} x^n = n x^{n-1}", "(d/dx)xⁿ = nxⁿ⁻¹", "d\n── xⁿ = nxⁿ⁻¹\ndx"},
    {"\\forall \\epsilon > 0\\ \\exists \\delta > 0", "∀ϵ > 0 ∃δ > 0", NULL},
    {"f: \\mathbb{R} \\to \\mathbb{R}", "f : ℝ → ℝ", NULL},
    {"\\underbrace{a+b+c}_{n}", "\\underbrace{a+b+c}_{n}", "a + b + c\n╰───┬───╯\n    n"},
    {"\\overset{!}{=} x", "\\overset{!}{=}x", "!\n=x"},
    {"A \\xrightarrow{f} B", "A ─f→ B", "   f\nA ──→ B"},
    {"f'(x) = f''(x)", "f′(x) = f″(x)", NULL},
    {"90^\\circ", "90°", NULL},
    {"\\sin^2\\theta + \\cos^2\\theta = 1", "sin² θ + cos² θ = 1", NULL},
    {"\\log_2 n", "log₂ n", NULL},
    {"\\log_{10}(x)", "log₁₀(x)", NULL},
    {"\\max_{x \\in X} f(x)", "max_(x∈X) f(x)", "max f(x)\nx∈X"},
    {"a \\equiv b \\pmod{n}", "a ≡ b (mod n)", NULL},
    {"\\left.\\frac{df}{dx}\\right|_{x=0}", "df/dx|ₓ₌₀", "df│\n──│\ndx│ₓ₌₀"},
    {"\\begin{array}{c|c} a & b \\\\ c & d \\end{array}", "a | b; c | d", "a │ b\nc │ d"},
    {"1,000,000", "1,000,000", NULL},
    {"f(1,2)", "f(1, 2)", NULL},
    {"P(A|B) = \\frac{P(B|A)\\,P(A)}{P(B)}", "P(A|B) = P(B|A) P(A)/(P(B))", "         P(B|A) P(A)\nP(A|B) = ───────────\n            P(B)"},
    {"\\frac{\\frac{a}{b}}{c}", "(a/b)/c", " a\n ─\n b\n───\n c"},
    {"\\frac{1}{1+\\frac{1}{x}}", "1/(1 + 1/x)", "   1\n───────\n     1\n 1 + ─\n     x"},
    {"x \\not\\in A \\not= B", "x ∉ A ≠ B", NULL},
    {"\\sum_{\\substack{i<n \\\\ j<m}} a_{ij}", "∑_(i<n; j<m) aᵢⱼ", "  ∑   aᵢⱼ\ni < n\nj < m"},
    {"-x + (-y) = -z", "−x + (−y) = −z", NULL},
    {"2^{10}", "2¹⁰", NULL},
    {"x_q^2", "x_(q)²", "x²\n q"},
    {"\\cancel{x}", "x̸", NULL},
    {"\\mathrm{d}x", "dx", NULL},
    {"\\frac{\\partial^2 u}{\\partial x^2}", "∂²u/∂x²", "∂²u\n───\n∂x²"},
    {"{n \\choose k}", NULL, NULL},
    {"x^{", NULL, NULL},
    {"\\left( x", NULL, NULL},
    {"a & b", NULL, NULL},
    {"\\tfrac12 + \\dfrac{1}{2}", "1/2 + 1/2", "      1\n1/2 + ─\n      2"},
    {"|x| < \\|y\\|", "|x| < ‖y‖", NULL},
    {"\\lfloor x \\rfloor", "⌊x⌋", NULL},
    {"\\left\\lfloor \\frac{n}{2} \\right\\rfloor", "⌊n/2⌋", "⎢n⎥\n⎢─⎥\n⎣2⎦"},
    {"O(n \\log n)", "O(n log n)", NULL},
    {"\\text{中文} = x", "中文 = x", NULL},
    {"\\sqrt{x}y", "√(x)y", NULL},
    {"\\gamma \\ll \\delta, \\quad x \\in [0, 1]", "γ ≪ δ,  x ∈ [0, 1]", NULL},
    {"\\det(A) = \\sum_{\\sigma \\in S_n} \\operatorname{sgn}(\\sigma) \\prod_{i=1}^n a_{i,\\sigma(i)}", "det(A) = ∑_(σ∈Sₙ) sgn(σ) ∏ᵢ₌₁ⁿ a_(i,σ(i))", "                      n\ndet(A) =  ∑   sgn(σ)  ∏  a\n         σ∈Sₙ        i=1  i,σ(i)"},
    {"x \\times y \\div z \\cdot w", "x × y ÷ z · w", NULL},
    {"\\{1, 2, \\dots, n\\}", "{1, 2, …, n}", NULL},
    {"E = mc^2", "E = mc²", NULL},
    {"\\theta_{t+1} = \\theta_t - \\eta \\nabla_\\theta J(\\theta)", "θₜ₊₁ = θₜ − η∇_(θ)J(θ)", "θₜ₊₁ = θₜ − η∇ J(θ)\n              θ"},
    {"H_2O", "H₂O", NULL},
    {"\\mathrm{H_2O}", "H₂O", NULL},
    {"\\text{\\_}^{\\text{a b}}", "_^(a b)", " a b\n_"},
    {"\\begin{gathered} a \\\\ bbb \\end{gathered}", "a; bbb", "a\nbbb"},
    {"\\sqrt[3]{\\frac{a}{b}}", "³√(a/b)", "  ┌──\n  │a\n  │─\n³√│b"},
    {"\\lim_{h \\to 0} \\frac{f(x+h) - f(x)}{h}", "lim_(h→0) (f(x + h) − f(x))/h", "    f(x + h) − f(x)\nlim ───────────────\nh→0        h"},
    {"\\begin{cases} x + y = 1 \\\\ x - y = 2 \\\\ z = 3 \\end{cases}", "{x + y = 1; x − y = 2; z = 3", "⎧ x + y = 1\n⎨ x − y = 2\n⎩ z = 3"},
    {"\\begin{vmatrix} 1 & 2 & 3 \\\\ 4 & 5 & 6 \\\\ 7 & 8 & 9 \\end{vmatrix}", "|1, 2, 3; 4, 5, 6; 7, 8, 9|", "│1  2  3│\n│4  5  6│\n│7  8  9│"},
    {"\\left\\{ \\frac{a}{b} \\right\\}", "{a/b}", "⎧ a ⎫\n⎨ ─ ⎬\n⎩ b ⎭"},
    {"\\overline{\\frac{a}{b}}", "a̅/̅b̅", "\\overline{\\frac{a}{b}}"},
    {"\\frac{a + b}{c} d", "((a + b)/c)d", "a + b\n───── d\n  c"},
    {"x \\in \\{0, 1\\}^n", "x ∈ {0, 1}ⁿ", NULL},
};
/* clang-format on */
enum { CONSTRUCTS = sizeof constructs / sizeof *constructs, PLACE = 100, LONGEST = 100000 };

/* Writes a formula that stands at PLACE. */
static bool write(const char *latex, size_t size, enum formula_shape shape, bool strict, struct stretch *out)
{
    char *copy = malloc(size + 1); /* exactly as long, so that a sanitizer sees a read past the end */
    uint32_t *source = malloc((size + 1) * sizeof *source);
    assert_non_null(copy);
    assert_non_null(source);
    memcpy(copy, latex, size);
    for (size_t i = 0; i < size; i++)
        source[i] = (uint32_t)(PLACE + i);
    struct formula_place place = {.shape = shape, .strict = strict, .whole = PLACE};
    bool shown = formula_write(copy, size, source, &place, out);
    for (size_t i = 0; i < out->n; i++)
        if (out->source[i] < PLACE || out->source[i] >= PLACE + size || (out->style[i] & STYLE_FORMULA) == 0)
            fail_msg("%.*s: byte %zu of what is shown comes from nowhere", (int)size, latex, i);
    if (!shown)
        assert_int_equal(out->n, 0);
    assert_int_equal(utf8_check(out->text, out->n), out->n);
    free(source);
    free(copy);
    return shown;
}

static void shows(const char *latex, enum formula_shape shape, const char *expected)
{
    struct stretch out = {0};
    bool shown = write(latex, strlen(latex), shape, false, &out);
    if (shown != (expected != NULL) || (shown && (out.n != strlen(expected) || memcmp(out.text, expected, out.n) != 0)))
        fail_msg("%s is shown as\n%.*s\nand not as\n%s", latex, (int)out.n, out.text != NULL ? out.text : "",
                 expected != NULL ? expected : "it is written");
    stretch_free(&out);
}

static void constructs_have_a_line(void **state)
{
    (void)state;
    assert_true(CONSTRUCTS >= 150);
    for (size_t i = 0; i < CONSTRUCTS; i++)
        shows(constructs[i].latex, FORMULA_LINE, constructs[i].line);
}

static void constructs_have_two_dimensions(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONSTRUCTS; i++)
        shows(constructs[i].latex, FORMULA_BLOCK,
              constructs[i].block != NULL || constructs[i].line == NULL ? constructs[i].block : constructs[i].line);
}

/* What a message ends with while it is being written. */
static void every_beginning_is_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONSTRUCTS; i++)
        for (size_t size = 0; size < strlen(constructs[i].latex); size++)
            for (int shape = FORMULA_LINE; shape <= FORMULA_BLOCK; shape++) {
                struct stretch out = {0};
                write(constructs[i].latex, size, (enum formula_shape)shape, false, &out);
                stretch_free(&out);
            }
}

static void unknown_commands_stay(void **state)
{
    (void)state;
    struct stretch out = {0};
    shows("a + \\foo{b} c", FORMULA_LINE, "a + \\foo{b} c");
    assert_false(write("a + \\foo{b}", strlen("a + \\foo{b}"), FORMULA_LINE, true, &out));
    assert_true(write("a + b", 5, FORMULA_LINE, true, &out));
    stretch_free(&out);
    shows("~\\,", FORMULA_BLOCK, NULL);
    shows("\\begin{aligned} x &= 1 \\\\ \\end{aligned}", FORMULA_BLOCK, "x = 1"); /* no second line */
    shows("x = 1 \\\\", FORMULA_BLOCK, "x = 1");
    shows("", FORMULA_LINE, NULL);
}

/* The place of a sign is that of its command. */
static void signs_know_their_command(void **state)
{
    (void)state;
    const char *latex = "x+\\alpha_2";
    struct stretch out = {0};
    assert_true(write(latex, strlen(latex), FORMULA_LINE, false, &out)); /* x + α₂ */
    const char *alpha = memchr(out.text, '\xCE', out.n);
    assert_non_null(alpha);
    assert_int_equal(out.source[alpha - out.text], PLACE + 2);
    assert_int_equal(out.source[alpha - out.text + 1], PLACE + 2);
    assert_int_equal(out.source[out.n - 1], PLACE + 9);
    stretch_free(&out);
}

/* Formulas nest and repeat without bounds; they stay as written, or are shown within bounds. */
static void monsters_are_tame(void **state)
{
    (void)state;
    static const char *const parts[] = {"{",  "^{a",         "\\frac{a}{", "\\frac",   "\\sqrt{",         "\\left(",
                                        "a&", "\\\\",        "x^a_b",      "\\hat",    "\\text{",         "\\",
                                        "_",  "'",           "\\sum_a^b",  "\\boxed{", "\\begin{matrix}", "\\foo{",
                                        "a",  "\\overline{a"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (size_t most = 100; most <= 30000; most += 4000)
            for (int shape = FORMULA_LINE; shape <= FORMULA_BLOCK; shape++) {
                struct buf text;
                struct stretch out = {0};
                buf_init(&text, LONGEST);
                while (text.size < most)
                    buf_puts(&text, parts[i]);
                write(text.data, text.size, (enum formula_shape)shape, false, &out);
                assert_true(out.n <= 64 * text.size);
                stretch_free(&out);
                buf_free(&text);
            }
}

static void nothing_commands_the_terminal(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\x1B[2J", "\\text{\x07}", "\\foo{\xC2\x9B}", "x\xFF", "\\operatorname{\x1B}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        shows(bad[i], FORMULA_LINE, NULL);
}

static void prices_are_no_formulas(void **state)
{
    (void)state;
    static const char *const formulas[] = {"x", "n-1", "f(x)", "x_{train}", "\\alpha", "ab", "a + b = c"};
    static const char *const others[] = {"HOME/bin:", "5 each and ", "PATH"};
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++)
        assert_true(formula_is_plausible(formulas[i], strlen(formulas[i])));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(formula_is_plausible(others[i], strlen(others[i])));
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constructs_have_a_line),        cmocka_unit_test(constructs_have_two_dimensions),
        cmocka_unit_test(every_beginning_is_safe),       cmocka_unit_test(unknown_commands_stay),
        cmocka_unit_test(signs_know_their_command),      cmocka_unit_test(monsters_are_tame),
        cmocka_unit_test(nothing_commands_the_terminal), cmocka_unit_test(prices_are_no_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
