// Each kernel: all paths against the portable one, bit for bit; and that one against plain loops in float64, so that not all
// are wrong alike. What lies outside of the columns and rows that were asked for must stay as it is.
#include <cmath>
#include <limits>

#include "check.h"

namespace digitlab::tests {
namespace {

const std::vector<int> SAMPLES{1, 5, 16, 33, 127, 128, 129, 300, 512}, UNITS{1, 5, 16, 17, 33, 64, 80, 100, 200};

std::string text(const char* what, std::initializer_list<int> sizes) {
    std::string out = what;
    for (const int size : sizes) out.append(" ").append(std::to_string(size));
    return out;
}

// A sum in float64, and how large its terms are.
struct Sum {
    double value = 0, size = 0;

    void add(double term) { value += term, size += std::fabs(term); }
    bool is(double other, double relative) const { return std::fabs(other - value) <= relative * size; }
};

// Some whole groups of so many units.
Range some_columns(int units, Chance& chance) {
    const int groups = (units + GROUP - 1) / GROUP, begin = chance.below(groups);
    return {begin * GROUP, chance.between(begin + 1, groups) * GROUP};
}

bool in(Range range, int i) { return range.begin <= i && i < range.end; }

size_t first_size(int units) { return static_cast<size_t>(FIRST_ROWS) * padded(units); }

struct Sorted {
    Sorted(const Buffer<uint8_t>& pictures, int samples) : buffers((samples + BLOCK - 1) / BLOCK) {
        for (int s = 0; s < samples; ++s) buffers[s / BLOCK].make(s % BLOCK, &pictures[static_cast<size_t>(s) * PIXELS]);
        for (size_t block = 0; block < buffers.size(); ++block) {
            const int count = std::min(BLOCK, samples - static_cast<int>(block) * BLOCK);
            for (int part = 0; part < PARTS; ++part) buffers[block].sort(part, count);
            lists.push_back(buffers[block].lists(count));
        }
    }
    std::vector<ListsBuffer> buffers;
    std::vector<Lists> lists;
};

void test_first_layer(int units, Chance& chance) {
    for (const Look look : LOOKS) {
        const int samples = look == Look::full ? 3 : std::min(BLOCK, chance.one_of(SAMPLES)), row = padded(units + 1);
        const auto what = text("first_layer, units, samples:", {units, samples});
        const auto pictures = chance.pictures(samples, look);
        const auto W = chance.numbers(first_size(units), 0.1f), before = chance.numbers(samples * row, 1.0f);
        const Range columns = some_columns(units, chance);
        const Sorted sorted(pictures, samples);
        const auto z = on_all_paths(what, [&](const Kernels& path) {
            auto out = copy(before);
            path.first_layer(out.data(), row, sorted.lists[0], W.data(), columns);
            return out;
        });
        for (int s = 0; s < samples; ++s)
            for (int n = 0; n < row; ++n) {
                Sum sum;
                sum.add(in(columns, n) ? W[place(0, n)] : before[s * row + n]);
                for (int p = 0; in(columns, n) && p < PIXELS; ++p)
                    sum.add(pictures[s * PIXELS + p] / 255.0 * W[place(p + 2, n)]);
                CHECK(sum.is(z[s * row + n], 3e-6), "%s: %g, %g", what.c_str(), z[s * row + n], sum.value);
            }
    }
}

// A layer's product, with and without its bias, and the same as logits.
void test_products(int samples, int inputs, int units, Chance& chance) {
    const auto what = text("product, samples, inputs, units:", {samples, inputs, units});
    const int A_row = padded(inputs + 1), stride = padded(units);
    const auto A = chance.numbers(samples * A_row, 1.0f), B = chance.numbers((inputs + 1) * stride, 0.3f);
    const auto before = chance.numbers(samples * stride, 1.0f);
    const auto sum_of = [&](int s, int n, const float* start) {
        Sum sum;
        sum.add(start ? start[n] : 0);
        for (int k = 0; k < inputs; ++k) sum.add(double{A[s * A_row + k]} * B[k * stride + n]);
        return sum;
    };
    const float* const bias = &B[inputs * stride];
    for (const float* start : {static_cast<const float*>(nullptr), bias}) {
        const Range columns = some_columns(units, chance);
        const auto out = on_all_paths(what, [&](const Kernels& path) {
            auto to = copy(before);
            path.product({to.data(), stride, A.data(), A_row, B.data(), stride, start, samples, inputs, columns});
            return to;
        });
        for (int s = 0; s < samples; ++s)
            for (int n = 0; n < stride; ++n) {
                const int at = s * stride + n;
                CHECK(in(columns, n) ? sum_of(s, n, start).is(out[at], 2e-6) : out[at] == before[at], "%s, column %d: %g",
                      what.c_str(), n, out[at]);
            }
    }
    const auto logits = on_all_paths("logits as " + what, [&](const Kernels& path) {
        Buffer<double> to(static_cast<size_t>(samples) * stride);
        path.logits({to.data(), stride, A.data(), A_row, B.data(), stride, bias, samples, inputs, {0, units}});
        std::vector<double> asked;  // paths differ in how much more they write
        for (int s = 0; s < samples; ++s) asked.insert(asked.end(), &to[s * stride], &to[s * stride + units]);
        return asked;
    });
    for (int s = 0; s < samples; ++s)
        for (int n = 0; n < units; ++n)
            CHECK(sum_of(s, n, bias).is(logits[s * units + n], 1e-13), "logits as %s: %d of %d", what.c_str(), n, s);
}

void test_activations(int units, Chance& chance) {
    for (const Activation& function : ACTIVATIONS)
        for (const float deviation : {1e-6f, 0.3f, 3.0f, 30.0f, 1e30f}) {
            const int samples = chance.between(1, 20), row = padded(units + 1), stride = padded(units);
            const auto what = text(function.name, {units, samples});
            const Range columns = some_columns(units, chance);
            const auto z = chance.numbers(samples * row, deviation);
            const auto a = on_all_paths(what, [&](const Kernels& path) {
                auto out = copy(z);  // in place, as in the engine where the derivative follows from a
                path.activate(function.kind, out.data(), function.needs_z ? z.data() : out.data(), row, samples, columns);
                return out;
            });
            const float* from = function.needs_z ? z.data() : a.data();
            const auto slopes = on_all_paths("slope of " + what, [&](const Kernels& path) {
                Buffer<float> delta(samples * stride);
                std::fill_n(delta.data(), delta.size(), 1.0f);
                path.slope(function.kind, delta.data(), stride, from, a.data(), row, samples, columns);
                return delta;
            });
            for (int s = 0; s < samples; ++s)  // the grid of exact sums relies on these bounds, with room for some roundings
                for (int n = 0; n < stride; ++n) {
                    const float x = z[s * row + n], y = a[s * row + n], slope = slopes[s * stride + n];
                    const float most = function.bounded ? 1.0f : std::fabs(x), steepest = 1.000001f * function.steepest;
                    CHECK(in(columns, n) ? std::fabs(y) <= most : y == x, "%s: %g of %g", what.c_str(), y, x);
                    CHECK(in(columns, n) ? std::fabs(slope) <= steepest : slope == 1, "slope of %s: %g", what.c_str(), slope);
                }
        }
}

void test_to_grid(int units, Chance& chance) {
    const int samples = chance.one_of(SAMPLES), stride = padded(units);
    const auto before = chance.numbers(samples * stride, 1.0f);
    Buffer<float> factor(stride);
    for (int n = 0; n < stride; ++n) factor[n] = std::ldexp(1.0f, chance.between(0, 40));
    const Range columns = some_columns(units, chance);
    for (const bool has_grid : {false, true}) {
        const auto what = text(has_grid ? "to_grid, units:" : "to_grid without one, units:", {units});
        const auto out = on_all_paths(what, [&](const Kernels& path) {
            auto delta = copy(before);
            path.to_grid(delta.data(), stride, has_grid ? factor.data() : nullptr, samples, columns);
            return delta;
        });
        for (int i = 0; i < samples * stride; ++i) {
            const double x = before[i] / 255.0, grid = has_grid ? 1.0 / factor[i % stride] : 0;
            if (!in(columns, i % stride)) {
                CHECK(out[i] == before[i], "%s: not its own column", what.c_str());
                continue;
            }
            CHECK(std::fabs(out[i] - x) <= grid / 2 + 1e-7 * std::fabs(x), "%s: %g of %g", what.c_str(), out[i], x);
            if (has_grid) CHECK(std::nearbyint(out[i] / grid) == out[i] / grid, "%s: %g is not on it", what.c_str(), out[i]);
        }
    }
}

void test_softmax(int classes, Chance& chance) {
    for (const float deviation : {0.1f, 3.0f, 100.0f}) {
        const int samples = chance.one_of(SAMPLES), stride = padded(classes);
        const double smoothing = chance.once_in(2) ? 0.0 : 0.2;  // what labels are smoothed by
        const auto what = text("softmax, classes, samples:", {classes, samples});
        auto logits = chance.numbers<double>((samples - 1) * stride + classes, deviation);  // not a number more than is there
        const auto labels = chance.labels(samples, classes);
        const auto run = [&](const Kernels& path) {
            Buffer<float> delta((samples - 1) * stride + classes);
            Buffer<double> room(static_cast<size_t>(classes) * 16);
            Loss loss;
            path.softmax(delta.data(), stride, logits.data(), stride, classes, labels.data(), smoothing, samples, room.data(),
                         loss);
            return std::tuple(std::move(delta), std::vector<double>{loss.total, static_cast<double>(loss.hits)});
        };
        const auto [delta, loss] = on_all_paths(what, run);
        double total = 0;
        int hits = 0;
        for (int s = 0; s < samples; ++s) {
            const double* z = &logits[s * stride];
            const double most = *std::max_element(z, z + classes);
            Sum all, wrong;
            for (int k = 0; k < classes; ++k) (k == labels[s] ? all : wrong).add(std::exp(z[k] - most));
            all.add(wrong.value);
            for (int k = 0; k < classes; ++k) {
                const double y = smoothing / classes + (k == labels[s] ? 1 - smoothing : 0);
                total += y * (std::log(all.value) + most - z[k]);
            }
            hits += std::max_element(z, z + classes) - z == labels[s];
            for (int k = 0; k < classes; ++k) {
                const double d = (k == labels[s] ? -wrong.value : std::exp(z[k] - most)) / all.value;
                const double smoothed = d + (k == labels[s] ? smoothing : 0) - smoothing / classes;
                const double error = 1e-7 * std::fabs(smoothed) + (smoothing ? 1e-16 : 1e-35);
                CHECK(std::fabs(delta[s * stride + k] - smoothed) <= error, "%s: %g", what.c_str(), d);
            }
        }
        CHECK(std::fabs(loss[0] - total) <= 1e-6 * samples && loss[1] == hits, "%s: loss %g, %g", what.c_str(), loss[0], total);
        for (const double trouble : {1e39, double{NAN}, -std::numeric_limits<double>::infinity()}) {
            logits[chance.below(classes)] = trouble;
            for (const std::string& path : available_paths())
                CHECK(!std::isfinite(std::get<1>(run(find_kernels(path)))[0]), "%s: softmax of %g", path.c_str(), trouble);
        }
    }
}

// What first_gradient and gradient have in common: run(path, target) calls one of them, and expected(i) is the sum for the
// i-th parameter, of size 0 only where the parameter is none of those that were asked for.
template <typename Run, typename Expected>
void test_targets(const std::string& what, size_t size, int stride, int samples, Run run, Expected expected, Chance& chance) {
    const auto start = chance.numbers<double>(size, 10);
    const auto sums = on_all_paths(what, [&](const Kernels& path) {
        auto to = copy(start);
        CHECK(run(path, Target{stride, to.data()}), "%s: sums are always finite", what.c_str());
        return to;
    });
    const auto parameters = chance.numbers(size, 0.1f), first = chance.numbers(size, 0.1f);
    auto second = chance.numbers(size, 0.1f);
    for (size_t i = 0; i < size; ++i) second[i] *= second[i];  // a mean of squares
    for (const Rule& rule : RULES)
        for (const bool plain : {true, false}) {
            const float decay = plain ? 0.0f : 0.01f, shrink = plain ? 1.0f : 0.999f;
            const Step step{0.01f, decay, shrink, 0.9f, 0.9f, 0.1f, 0.999f, 0.001f, 0.03f, 1e-8f};
            const auto [p, m, v] = on_all_paths(what + ", " + rule.name, [&](const Kernels& path) {
                std::tuple to(copy(parameters), copy(first), copy(second));
                auto& [p, m, v] = to;
                const Target target{stride, nullptr, p.data(), {m.data(), v.data()}, &rule, &step, double(samples)};
                CHECK(run(path, target), "%s, %s: all is finite", what.c_str(), rule.name);
                return to;
            });
            if (!plain) continue;
            const double part = rule.memory == 2 ? 0.1 : 1.0;
            for (size_t i = 0; i < size; ++i) {
                const Sum sum = expected(i);
                const double mean = 0.9 * first[i] + part * sum.value / samples;
                const double most = std::fabs(first[i]) + sum.size / samples;
                const bool moves = rule.memory && sum.size > 0;
                CHECK(moves ? std::fabs(m[i] - mean) <= 2e-6 * most : m[i] == first[i], "%s, %s: memory", what.c_str(),
                      rule.name);
                if (rule.kind != Rule::sgd) continue;
                const double total = sums[i] - start[i], after = parameters[i] - 0.01 * sum.value / samples;
                CHECK(std::fabs(total - sum.value) <= 2e-6 * sum.size + 1e-14 * std::fabs(start[i]), "%s: %g, %g", what.c_str(),
                      total, sum.value);
                CHECK(std::fabs(p[i] - after) <= 1e-7 * (std::fabs(parameters[i]) + sum.size / samples), "%s: a step to %g",
                      what.c_str(), p[i]);
                if (sum.size == 0) CHECK(sums[i] == start[i] && p[i] == parameters[i], "%s: not its own", what.c_str());
            }
        }
    const Step too_far{std::numeric_limits<float>::infinity(), 0, 1, 0, 0, 0, 0, 0, 1, 1};
    for (const std::string& path : available_paths()) {
        auto p = copy(parameters);
        const Target target{stride, nullptr, p.data(), {}, &RULES[0], &too_far, 1.0};
        CHECK(!run(find_kernels(path), target), "%s: %s: not all is finite", path.c_str(), what.c_str());
    }
}

void test_first_gradient(int units, int samples, Look look, Chance& chance) {
    const int stride = padded(units);
    const auto pictures = chance.pictures(samples, look);
    const auto delta = chance.numbers(samples * stride, 1.0f);
    const Range columns = some_columns(units, chance);
    const Sorted sorted(pictures, samples);
    const Gradient gradient{sorted.lists.data(), nullptr, 0, delta.data(), stride, samples, {}, columns, 0.0};
    const auto run = [&](const Kernels& path, const Target& target) { return path.first_gradient(gradient, target); };
    const auto expected = [&](size_t i) {
        const int row = i / GROUP % FIRST_ROWS, column = i / GROUP / FIRST_ROWS * GROUP + i % GROUP;
        if (!in(columns, column)) return Sum{};
        Sum sum{0, 1e-30};
        for (int s = 0; row != 1 && s < samples; ++s)
            sum.add((row ? pictures[s * PIXELS + row - 2] : 255.0) * delta[s * stride + column]);
        return sum;
    };
    const auto what = text("first_gradient, units, samples:", {units, samples});
    test_targets(what, first_size(units), stride, samples, run, expected, chance);
}

void test_gradient(int samples, int below, int units, Chance& chance) {
    const int inputs_row = padded(below + 1), stride = padded(units);
    const auto inputs = chance.numbers(samples * inputs_row, 1.0f), delta = chance.numbers(samples * stride, 1.0f);
    const int begin = chance.below(below + 1);
    const Range columns = some_columns(units, chance), rows{begin, chance.between(begin + 1, below + 1)};
    for (const double round : {0.0, std::ldexp(1.5, 52 - 30)}) {  // a grid of 2^-30
        const auto what = text(round ? "gradient on a grid:" : "gradient:", {samples, below, units});
        const Gradient gradient{nullptr, inputs.data(), inputs_row, delta.data(), stride, samples, rows, columns, round};
        const auto run = [&](const Kernels& path, const Target& target) { return path.gradient(gradient, target); };
        const auto expected = [&](size_t i) {
            const int row = static_cast<int>(i) / stride, column = static_cast<int>(i) % stride;
            if (!in(rows, row) || !in(columns, column)) return Sum{};
            Sum sum{0, 1e-30};
            for (int s = 0; s < samples; ++s)
                sum.add(double{inputs[s * inputs_row + row]} * delta[s * stride + column]);
            sum.size += round ? 1e-3 : 0;  // half a grid for each block
            return sum;
        };
        test_targets(what, static_cast<size_t>(below + 1) * stride, stride, samples, run, expected, chance);
        if (!round) continue;
        Buffer<double> sums(static_cast<size_t>(below + 1) * stride);
        run(portable(), {stride, sums.data()});
        for (size_t i = 0; i < sums.size(); ++i)
            CHECK(std::nearbyint(sums[i] * 0x1p30) == sums[i] * 0x1p30, "%s: %g is not on it", what.c_str(), sums[i]);
    }
}

void test_transpose_and_reach(int inputs, int units, Chance& chance) {
    const int stride = padded(units), turned = padded(inputs + 1), begin = chance.below(inputs);
    const auto W = chance.numbers((inputs + 1) * stride, 1.0f), first = chance.numbers(first_size(units), 1.0f);
    const Range rows{begin, chance.between(begin + 1, inputs)}, columns = some_columns(units, chance);
    const auto [out, sums] = on_all_paths(text("transpose and reach:", {inputs, units}), [&](const Kernels& path) {
        Buffer<float> to(units * turned), reach(stride);
        path.transpose(to.data(), turned, W.data(), stride, rows, units);
        path.reach(reach.data(), first.data(), columns);
        return std::tuple(std::move(to), std::move(reach));
    });
    for (int i = 0; i < units * turned; ++i) {
        const int row = i % turned;
        CHECK(out[i] == (in(rows, row) ? W[row * stride + i / turned] : 0), "transpose: row %d of %d x %d", row, inputs, units);
    }
    for (int n = 0; n < stride; ++n) {
        Sum sum;
        for (int row = 0; in(columns, n) && row < FIRST_ROWS; ++row) sum.add(first[place(row, n)]);
        CHECK(std::fabs(sums[n] - sum.size) <= 1e-4 * sum.size, "reach of %d: %g, %g", n, sums[n], sum.size);
    }
}

template <typename Work>
void test_refused(const char* what, Work work) {
    bool refused = false;
    try {
        work();
    } catch (const std::invalid_argument&) {
        refused = true;
    }
    CHECK(refused, "%s", what);
}

void test_unknown_kinds() {
    Buffer<float> x(GROUP);
    const Rule unknown{"unknown", static_cast<Rule::Kind>(99), 0};
    const auto kind = static_cast<Activation::Kind>(99);
    test_refused("a name", [] { find_named(ACTIVATIONS, "softplus"); });
    test_refused("a path", [] { find_kernels("abacus"); });
    test_refused("activate", [&] { portable().activate(kind, x.data(), x.data(), GROUP, 1, {0, GROUP}); });
    test_refused("slope", [&] { portable().slope(kind, x.data(), GROUP, x.data(), x.data(), GROUP, 1, {0, GROUP}); });
    test_refused("gradient", [&] { portable().gradient({}, {GROUP, nullptr, x.data(), {}, &unknown}); });
}

}  // namespace

void test_kernels() {
    Chance chance(2);
    for (const int units : UNITS) {
        test_first_layer(units, chance);
        test_activations(units, chance);
        test_to_grid(units, chance);
        test_transpose_and_reach(chance.one_of(UNITS), units, chance);
        test_products(chance.between(1, 40), chance.one_of(UNITS), units, chance);
        test_gradient(chance.between(1, 40), chance.one_of(UNITS), units, chance);
        test_first_gradient(units, chance.between(1, 20), LOOKS[units % 4], chance);
    }
    for (const int samples : SAMPLES) {
        test_products(samples, 33, 17, chance);
        test_gradient(samples, 17, 33, chance);
        test_first_gradient(17, samples, Look::digits, chance);
    }
    test_products(9, 300, 10, chance);  // more than one run
    test_first_gradient(80, 130, Look::dark, chance);
    for (const int classes : {1, 10, 17, 300}) {
        test_softmax(classes, chance);
        test_products(6, 40, classes, chance);
    }
    test_unknown_kinds();
}

}  // namespace digitlab::tests
