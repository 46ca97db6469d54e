// Dropout and limited norms, each kernel by itself: all paths against the portable one, and that one against plain loops.
#include <cmath>

#include "check.h"
#include "random.h"

namespace digitlab::tests {
namespace {

void test_drop(int units, Chance& chance) {
    for (const Activation& function : ACTIVATIONS) {
        const int samples = chance.between(1, 20), row = padded(units + 1), layer = chance.below(3);
        const Range columns{0, (units + GROUP - 1) / GROUP * GROUP};
        const auto z = chance.numbers(samples * row, 1.0f);
        Buffer<float> a(z.size());
        portable().activate(function.kind, a.data(), z.data(), row, samples, columns);
        Buffer<uint64_t> keys(samples);
        for (size_t s = 0; s < keys.size(); ++s) keys[s] = word(static_cast<uint64_t>(chance.below(1000)), s);
        Regularization how;
        how.dropped = 20000, how.scale = 65536.0f / (65536 - 20000);
        const auto [dropped, slopes] = on_all_paths("drop", [&](const Kernels& path) {
            auto to = copy(a), slope = copy(z);
            path.drop(function.kind, to.data(), slope.data(), row, keys.data(), layer, how, samples, columns);
            return std::tuple(std::move(to), std::move(slope));
        });
        Buffer<float> ones(z.size());
        std::fill_n(ones.data(), ones.size(), 1.0f);
        portable().slope(function.kind, ones.data(), row, z.data(), a.data(), row, samples, columns);
        for (int s = 0; s < samples; ++s)
            for (int n = 0; n < units; ++n) {
                const uint64_t part = word(word(keys[s], layer), n / 4) >> 16 * (n % 4) & 0xffff;
                const float factor = part >= how.dropped ? how.scale : 0.0f;
                const size_t at = static_cast<size_t>(s) * row + n;
                CHECK(dropped[at] == a[at] * factor && slopes[at] == ones[at] * factor, "drop: unit %d of sample %d", n, s);
            }
        const auto products = on_all_paths("multiply", [&](const Kernels& path) {
            auto to = copy(a);
            path.multiply(to.data(), row, z.data(), row, samples, columns);
            return to;
        });
        for (int s = 0; s < samples; ++s)
            for (int n = 0; n < row; ++n) {
                const size_t at = static_cast<size_t>(s) * row + n;
                CHECK(products[at] == (n < columns.end ? a[at] * z[at] : a[at]), "multiply: %d of %d", n, s);
            }
    }
}

void test_limit(int rows, Chance& chance) {
    const int row = GROUP * chance.between(1, 3);
    const Range columns{row - GROUP, row};
    const double most = 0.3 * std::sqrt(rows);  // about what half of them have
    const auto W = chance.numbers(static_cast<size_t>(rows) * row, 0.3f);
    const auto limited = on_all_paths("limit", [&](const Kernels& path) {
        auto to = copy(W);
        path.limit(to.data(), row, rows, columns, most);
        return to;
    });
    for (int n = 0; n < row; ++n) {
        double squares = 0;
        for (int i = 0; i < rows; ++i) squares += double{W[i * row + n]} * double{W[i * row + n]};
        const double length = std::sqrt(squares);
        const float factor = static_cast<float>(n >= columns.begin && length > most ? most / length : 1.0);
        for (int i = 0; i < rows; ++i)
            CHECK(limited[i * row + n] == W[i * row + n] * factor, "limit: row %d of column %d", i, n);
    }
}

}  // namespace

void test_regularization() {
    Chance chance(4);
    for (const int units : {1, 5, 16, 17, 64, 100}) test_drop(units, chance);
    for (const int rows : {1, 2, 17, 784}) test_limit(rows, chance);
}

}  // namespace digitlab::tests
