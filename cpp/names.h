// What Python names: activations, the rules of optimizers, and the coefficients of their steps. Names that are not here are
// not known, and say so by an exception; nothing goes by its position.
#pragma once

#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace digitlab {

// A function of hidden units: those of src/digitlab/network/activations.py.
struct Activation {
    enum Kind : int { sigmoid, tanh, relu, leaky_relu, gelu };

    const char* name;
    Kind kind;
    bool bounded;    // |a| <= 1; of the others, |a| <= |z|
    bool needs_z;    // the derivative does not follow from a alone
    float steepest;  // the largest |derivative|
};

constexpr Activation ACTIVATIONS[] = {
    {"sigmoid", Activation::sigmoid, true, false, 0.25f},
    {"tanh", Activation::tanh, true, true, 1.0f},
    {"relu", Activation::relu, false, false, 1.0f},
    {"leaky_relu", Activation::leaky_relu, false, false, 1.0f},
    {"gelu", Activation::gelu, false, true, 1.13f},
};

// The formula of a step: those of src/digitlab/training/optimizers.py.
struct Rule {
    enum Kind : int { sgd, momentum, nesterov, adam, adamw };

    const char* name;
    Kind kind;
    size_t memory;  // vectors that it keeps between steps
};

constexpr Rule RULES[] = {
    {"sgd", Rule::sgd, 0},   {"momentum", Rule::momentum, 1}, {"nesterov", Rule::nesterov, 1},
    {"adam", Rule::adam, 2}, {"adamw", Rule::adamw, 2},
};

constexpr size_t MOST_MEMORY = 2;

// The numbers of one step, as in `StepCoefficients` of src/digitlab/engines/optimizer.py, each rounded to float32.
struct Step {
    float rate, decay, shrink, momentum, beta1, rest1, beta2, rest2, root, epsilon;
};

struct Coefficient {
    const char* name;
    float Step::*number;
};

constexpr Coefficient COEFFICIENTS[] = {
    {"rate", &Step::rate},         {"decay", &Step::decay}, {"shrink", &Step::shrink}, {"momentum", &Step::momentum},
    {"beta1", &Step::beta1},       {"rest1", &Step::rest1}, {"beta2", &Step::beta2},   {"rest2", &Step::rest2},
    {"root", &Step::root},         {"epsilon", &Step::epsilon},
};

template <typename Known, size_t count>
const Known& find_named(const Known (&all)[count], const std::string& name) {
    for (const Known& one : all)
        if (name == one.name) return one;
    throw std::invalid_argument("the compiled engine does not know " + name);
}

template <typename Known, size_t count>
std::vector<std::string> names_of(const Known (&all)[count]) {
    std::vector<std::string> names;
    for (const Known& one : all) names.emplace_back(one.name);
    return names;
}

// Calls work<kind>() for a kind that is known only now, so that it can be compiled for each by itself.
template <const auto& all, typename Kind, typename Work>
void by_kind(Kind kind, Work work) {
    const auto among = [&]<size_t... i>(std::index_sequence<i...>) {
        return ((kind == all[i].kind && (work.template operator()<all[i].kind>(), true)) || ...);
    };
    if (!among(std::make_index_sequence<std::size(all)>())) throw std::invalid_argument("there is no such kind");
}

}  // namespace digitlab
