// The kernels that work on floats: layers, activations, softmax, sums of gradients, steps.
#include <cmath>
#include <limits>

#include "check.h"

namespace digitlab::tests {
namespace {

const Kernels& portable() { return find_kernels("portable"); }

void test_rows(const Kernels& path, Chance& chance) {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (int round = 0; round < 60; ++round) {
        const int count = round_up(chance.between(0, 900), LANES);
        auto x = chance.floats(count, std::ldexp(1.0f, chance.between(-60, 60)));
        if (count && round % 4 == 3) x[chance.below(count)] = chance.once_in(2) ? nan : chance.once_in(2) ? inf : -inf;
        const float most = portable().largest(x.data(), count), other = path.largest(x.data(), count);
        CHECK(most == other, "%s, largest of %d: %g, %g", path.name, count, most, other);
        if (count && round % 4 == 3) {
            CHECK(std::isinf(most), "a row with NaN or inf has largest %g", most);
        } else {
            CHECK(portable().one_sided_sum(x.data(), count, 1000) == path.one_sided_sum(x.data(), count, 1000), "%s, one_sided_sum of %d",
                  path.name, count);
        }
    }
}

// C0 + 2^bits C1 + ... as a path would write it: the same whole number, whatever its digits.
Buffer<int32_t> in_digits(const std::vector<int64_t>& sums, Digits digits, int column_tiles, ptrdiff_t C_row) {
    Buffer<int32_t> C(static_cast<size_t>((digits.count - 1) * C_row + column_tiles) * C_TILE);
    for (size_t i = 0; i < sums.size(); ++i) {
        int64_t rest = sums[i];
        for (int d = 0; d < digits.count; ++d) {
            const int64_t half = int64_t{1} << (digits.bits - 1);
            const int64_t digit = d + 1 < digits.count ? ((rest + half) & (2 * half - 1)) - half : rest;
            C[d * C_row * C_TILE + i] = static_cast<int32_t>(digit), rest = (rest - digit) >> digits.bits;
        }
    }
    return C;
}

void test_first_layer(const Kernels& path, Chance& chance) {
    for (int round = 0; round < 30; ++round) {
        const int units = chance.between(1, TILE), column_tiles = chance.between(1, 8);
        const ptrdiff_t C_row = column_tiles + chance.below(3), stride = column_tiles * TILE + chance.below(3) * TILE;
        std::vector<int64_t> sums(static_cast<size_t>(column_tiles) * C_TILE);
        for (auto& sum : sums) sum = (static_cast<int64_t>(chance.between(-(1 << 24), 1 << 24)) << chance.between(0, 20)) + chance.below(9999);
        const auto scale = chance.floats(TILE, 1e-6f), rest = chance.floats(TILE, 1e-14f), b = chance.floats(TILE, 1.0f);
        Buffer<float> expected((units - 1) * stride + column_tiles * TILE), got(expected.size());
        const auto run = [&](const Kernels& kernels, Buffer<float>& z) {
            const auto C = in_digits(sums, kernels.digits, column_tiles, C_row);
            kernels.first_layer(z.data(), stride, C.data(), C_row, column_tiles, units, scale.data(), rest.data(), b.data());
        };
        run(portable(), expected), run(path, got);
        CHECK(same_bits(expected, got), "%s, first_layer, %d units", path.name, units);
        for (int i = 0; i < units * TILE; ++i) {
            const double z = static_cast<double>(sums[i]) * (static_cast<double>(scale[i / TILE]) + rest[i / TILE]) + b[i / TILE];
            CHECK(std::fabs(got[i / TILE * stride + i % TILE] - z) <= 3e-7 * (std::fabs(z) + std::fabs(b[i / TILE])), "%s, first_layer: %g", path.name, z);
        }
    }
}

void test_dense(const Kernels& path, Chance& chance) {
    for (int round = 0; round < 60; ++round) {
        Dense d{};
        d.outputs = chance.between(1, TILE), d.inner = chance.between(1, 70), d.samples = chance.between(1, 9) * LANES;
        d.stride = d.samples + chance.below(3) * LANES;
        const bool turned = chance.once_in(2);
        d.W_output = turned ? 1 : d.inner + chance.below(3), d.W_inner = turned ? d.outputs + chance.below(3) : 1;
        const auto W = chance.floats((d.outputs - 1) * d.W_output + (d.inner - 1) * d.W_inner + 1, 0.3f);
        const auto in = chance.floats((d.inner - 1) * d.stride + d.samples, 1.0f), start = chance.floats(d.outputs, 1.0f);
        Buffer<float> expected((d.outputs - 1) * d.stride + d.samples), got(expected.size());
        d.W = W.data(), d.in = in.data(), d.start = chance.once_in(2) ? start.data() : nullptr;
        d.out = expected.data(), portable().dense(d);
        d.out = got.data(), path.dense(d);
        CHECK(same_bits(expected, got), "%s, dense, %d x %d for %d samples", path.name, d.outputs, d.inner, d.samples);
        Buffer<double> logits(expected.size()), logits_too(expected.size());
        d.start = start.data(), d.W_inner = 1, d.W_output = turned ? 1 : d.W_output;
        portable().logits(d, logits.data()), path.logits(d, logits_too.data());
        CHECK(same_bits(logits, logits_too), "%s, logits, %d x %d for %d samples", path.name, d.outputs, d.inner, d.samples);
    }
}

void test_activations(const Kernels& path, Chance& chance) {
    for (const auto& [name, kind, bounded, needs_z, steepest] : ACTIVATIONS)
        for (const float size : {1e-6f, 0.3f, 3.0f, 30.0f, 1e30f}) {
            const int count = chance.between(1, 33) * LANES;
            const auto z = chance.floats(count, size);
            Buffer<float> expected(count), got(count);
            portable().activate(kind, expected.data(), z.data(), count);
            path.activate(kind, got.data(), z.data(), count);
            CHECK(same_bits(expected, got), "%s, %s", path.name, name);
            const auto a = copy(expected);
            auto delta = chance.floats(count, 1.0f), delta_too = copy(delta);
            portable().slope(kind, delta.data(), z.data(), a.data(), count);
            path.slope(kind, delta_too.data(), z.data(), a.data(), count);
            for (int i = 0; bounded && i < count; ++i) CHECK(std::fabs(a[i]) <= 1, "%s, %s: %g", path.name, name, a[i]);
            CHECK(same_bits(delta, delta_too), "%s, slope of %s", path.name, name);
        }
}

void test_softmax(const Kernels& path, Chance& chance) {
    for (int round = 0; round < 40; ++round) {
        const int classes = chance.between(1, 26), samples = chance.between(1, 100);
        const ptrdiff_t stride = round_up(samples, LANES) + chance.below(2) * LANES;
        const auto z = chance.floats((classes - 1) * stride + round_up(samples, LANES), std::ldexp(1.0f, chance.between(-3, 7)));
        Buffer<double> logits(z.size());
        for (size_t i = 0; i < z.size(); ++i) logits[i] = z[i] * 1.000000001;  // more digits than a float32 has
        if (round % 8 == 7) logits[chance.below(samples)] = std::numeric_limits<double>::infinity();
        auto logits_too = copy(logits);
        Buffer<float> delta(z.size()), delta_too(z.size());
        Buffer<uint8_t> labels(samples);  // exactly as many as there are samples
        for (int i = 0; i < samples; ++i) labels[i] = static_cast<uint8_t>(chance.below(classes));
        Loss loss, loss_too;
        portable().softmax(delta.data(), logits.data(), stride, classes, labels.data(), samples, loss);
        path.softmax(delta_too.data(), logits_too.data(), stride, classes, labels.data(), samples, loss_too);
        const bool same_loss = loss.total == loss_too.total || (std::isnan(loss.total) && std::isnan(loss_too.total));
        CHECK(same_loss && loss.hits == loss_too.hits, "%s, softmax: %.17g, %.17g", path.name, loss.total, loss_too.total);
        CHECK(std::isfinite(loss.total) == (round % 8 != 7), "%s, softmax of logits with inf: %g", path.name, loss.total);
        if (round % 8 != 7) CHECK(same_bits(delta, delta_too), "%s, softmax, %d classes", path.name, classes);
    }
}

void test_collect(const Kernels& path, Chance& chance) {
    for (int round = 0; round < 60; ++round) {
        Collect c{};
        c.sums = chance.once_in(2) ? BYTES.count : UPPER_SUMS, c.row = chance.below(TILE), c.count = chance.between(1, 800);
        const int padded = round_up(c.count, LANES), column_tiles = padded / TILE;
        c.C_row = column_tiles + chance.below(2);
        Buffer<int32_t> C(((c.sums - 1) * c.C_row + column_tiles) * C_TILE);
        for (size_t i = 0; i < C.size(); ++i) C[i] = chance.between(-(1 << 28), 1 << 28);
        Buffer<double> columns(padded);
        for (int i = 0; i < padded; ++i) columns[i] = std::ldexp(1.0, -chance.below(30));
        c.C = C.data(), c.column_scale = columns.data(), c.scale = std::ldexp(1.0, -chance.below(40));
        c.offset = c.sums == BYTES.count ? 0 : 32768 * static_cast<int64_t>(chance.between(-(1 << 28), 1 << 28));
        c.samples = chance.once_in(2) ? 32 : chance.between(1, MAX_BLOCK);
        Buffer<double> sums(padded), sums_too(padded);
        for (int i = 0; i < padded; ++i) sums[i] = sums_too[i] = chance.between(-1000, 1000);
        portable().collect(sums.data(), c);
        path.collect(sums_too.data(), c);
        CHECK(same_bits(sums, sums_too), "%s, collect, %d columns", path.name, c.count);
        Buffer<float> means(padded), means_too(padded);
        portable().collect_mean(means.data(), c);
        path.collect_mean(means_too.data(), c);
        CHECK(same_bits(means, means_too), "%s, collect_mean, %d columns", path.name, c.count);
    }
}

void test_steps(const Kernels& path, Chance& chance) {
    for (const Rule& rule : RULES)
        for (int round = 0; round < 10; ++round) {
            Step step{0.01f, round % 2 ? 0.01f : 0.0f, round % 3 ? 0.999f : 1.0f, 0.9f, 0.9f, 0.1f, 0.999f, 0.001f, 0.03f, 1e-8f};
            const int count = chance.between(1, 50) * LANES;
            auto p = chance.floats(count, 0.1f), m = chance.floats(count, 0.1f), v = chance.floats(count, 0.1f);
            for (int i = 0; i < count; ++i) v[i] = v[i] * v[i];
            auto p_too = copy(p), m_too = copy(m), v_too = copy(v);
            const auto gradient = chance.floats(count, 0.01f);
            float *memory[] = {m.data(), v.data()}, *memory_too[] = {m_too.data(), v_too.data()};
            portable().step(rule.kind, step, p.data(), memory, gradient.data(), count);
            path.step(rule.kind, step, p_too.data(), memory_too, gradient.data(), count);
            CHECK(same_bits(p, p_too) && same_bits(m, m_too) && same_bits(v, v_too), "%s, %s", path.name, rule.name);
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

void test_unknown_kinds(const Kernels& path, Chance& chance) {
    auto x = chance.floats(LANES, 1.0f);
    test_refused("a name", [] { find_named(ACTIVATIONS, "softplus"); });
    test_refused("activate", [&] { path.activate(static_cast<Activation::Kind>(99), x.data(), x.data(), LANES); });
    test_refused("slope", [&] { path.slope(static_cast<Activation::Kind>(99), x.data(), x.data(), x.data(), LANES); });
    test_refused("step", [&] { path.step(static_cast<Rule::Kind>(99), {}, x.data(), nullptr, x.data(), LANES); });
}

}  // namespace

void test_kernels(const Kernels& path) {
    Chance chance(2);
    test_rows(path, chance);
    test_first_layer(path, chance);
    test_dense(path, chance);
    test_activations(path, chance);
    test_softmax(path, chance);
    test_collect(path, chance);
    test_steps(path, chance);
    test_unknown_kinds(path, chance);
}

}  // namespace digitlab::tests
