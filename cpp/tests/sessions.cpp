// Whole sessions on random digits: every path and number of threads against the portable path on one thread.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>

#include "check.h"

namespace digitlab::tests {
namespace {

const auto never = [] { return false; };

// The one that all are compared with is the last.
std::vector<const Kernels*> tested_paths() {
    std::vector<const Kernels*> paths = other_paths();
    paths.push_back(&portable());
#if defined(__SANITIZE_THREAD__)
    paths.resize(1);  // the threads of the others do the same, more slowly
#endif
    return paths;
}

// Some digits, and a network.
struct Lab {
    Lab(int count, std::vector<int> hidden, const Activation& activation, int classes, Chance& chance)
        : count(count), images(chance.pictures(count, chance.once_in(3) ? LOOKS[chance.below(4)] : Look::digits)),
          labels(chance.labels(count, classes)), shape{{PIXELS}, activation} {
        shape.sizes.insert(shape.sizes.end(), hidden.begin(), hidden.end());
        shape.sizes.push_back(classes);
        parameters = chance.numbers(shape.parameter_count(), 0.1f);
        if (chance.once_in(2)) {
            shape.regularization = {7, chance.once_in(2) ? 0u : 20000u, 1.44f, 0.1, chance.once_in(2) ? 0.0 : 0.5, 5};
            epoch = 3;
        }
    }
    Session session(const Kernels& path, int threads) const {
        return Session(images.data(), labels.data(), count, shape, path, threads);
    }
    std::string text() const {
        std::string out = std::to_string(count) + " samples, ";
        for (const int size : shape.sizes) out.append(std::to_string(size)).append("-");
        return out + shape.activation.name;
    }

    const int count;
    const Buffer<uint8_t> images, labels;
    Shape shape;
    Buffer<float> parameters;
    int64_t epoch = 0;
};

Lab random_lab(int count, int most_hidden, Chance& chance) {
    std::vector<int> hidden(chance.between(0, most_hidden));
    for (int& units : hidden) units = chance.one_of<int>({1, 5, 16, 17, 33, 64, 80});
    return Lab(count, hidden, ACTIVATIONS[chance.below(std::size(ACTIVATIONS))], chance.between(1, 20), chance);
}

// visit(session, name) for each path and number of threads.
template <typename Visit>
void in_all_ways(const Lab& lab, Visit visit) {
    for (const Kernels* path : tested_paths())
        for (const int threads : {1, 2, 3}) {
            Session session = lab.session(*path, threads);
            visit(session, std::string(path->name) + " on " + std::to_string(threads) + " threads, " + lab.text());
        }
}

using Result = std::tuple<Buffer<double>, std::vector<double>>;  // gradient; loss and hits

Result sums(Session& session, const Lab& lab, Selection selection) {
    selection.epoch = lab.epoch;
    Buffer<double> gradient(lab.parameters.size());
    const Loss loss = session.sums(lab.parameters.data(), selection, gradient.data(), never);
    return {std::move(gradient), std::vector<double>{loss.total, static_cast<double>(loss.hits)}};
}

void test_sums(int count, Chance& chance) {
    const Lab lab = random_lab(count, 3, chance);
    const int start = chance.below(count), part = chance.between(0, count - start), block = start / BLOCK * BLOCK;
    std::vector<int64_t> some(chance.between(1, count)), all(count);
    for (auto& index : some) index = chance.below(count);
    std::iota(all.begin(), all.end(), 0);
    Buffer<uint8_t> pictures(some.size() * PIXELS);
    for (size_t i = 0; i < some.size(); ++i)
        std::copy_n(lab.images.data() + some[i] * PIXELS, PIXELS, pictures.data() + i * PIXELS);
    const Selection selections[] = {{nullptr, 0, count}, {nullptr, block, count - block}, {nullptr, start, part},
                                    {some.data(), 0, static_cast<int64_t>(some.size())}};
    Session one = lab.session(*tested_paths().back(), 1);
    std::vector<Result> expected;
    for (const Selection& selection : selections) expected.push_back(sums(one, lab, selection));
    in_all_ways(lab, [&](Session& session, const std::string& what) {
        for (size_t i = 0; i < expected.size(); ++i)
            CHECK(same_bits(sums(session, lab, selections[i]), expected[i]), "%s, selection %zu", what.c_str(), i);
        const Selection shown{some.data(), 0, static_cast<int64_t>(some.size()), pictures.data()};
        CHECK(same_bits(sums(session, lab, shown), expected[3]), "%s, pictures that are shown", what.c_str());
        for (size_t i = 0; i < 3; ++i) {  // kept lists, and those that are made for indices
            const Selection same{all.data() + selections[i].start, 0, selections[i].count};
            CHECK(same_bits(sums(session, lab, same), expected[i]), "%s, selection %zu as indices", what.c_str(), i);
        }
    });
}

// With at most one hidden layer, shards add up to the whole in any order, whoever computes them.
void test_shards(int count, Chance& chance) {
    const Lab lab = random_lab(count, 1, chance);
    std::vector<int64_t> ends;
    for (int64_t end = 0; end < count; ends.push_back(end)) end = std::min<int64_t>(count, end + chance.between(1, 5) * BLOCK);
    std::vector<size_t> order(ends.size());
    std::iota(order.begin(), order.end(), 0);
    Session one = lab.session(*tested_paths().back(), 1);
    const Result whole = sums(one, lab, {nullptr, 0, count});
    in_all_ways(lab, [&](Session& session, const std::string& what) {
        for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[chance.below(static_cast<int>(i))]);
        Result total{Buffer<double>(lab.parameters.size()), std::vector<double>(2)};
        auto& [gradient, loss] = total;
        for (const size_t shard : order) {
            const int64_t begin = shard ? ends[shard - 1] : 0;
            const auto [more, more_loss] = sums(session, lab, {nullptr, begin, ends[shard] - begin});
            for (size_t i = 0; i < more.size(); ++i) gradient[i] += more[i];
            for (size_t i = 0; i < 2; ++i) loss[i] += more_loss[i];
        }
        CHECK(same_bits(total, whole), "%s, in %zu shards", what.c_str(), order.size());
    });
}

// Some random batches, and a step for each.
struct Travel {
    Travel(const Lab& lab, const Rule& rule, float rate, int count, Chance& chance) : rule(rule) {
        for (int number = 0; number < count; ++number) {
            const int size = chance.between(1, number == 0 ? MAX_BATCH : 70);
            for (int i = 0; i < size; ++i) indices.push_back(chance.below(lab.count));
            ends.push_back(static_cast<int64_t>(indices.size()));
            const float decay = chance.once_in(2) ? 0.0f : 1e-3f;
            steps.push_back({rate, decay, 0.999f, 0.9f, 0.9f, 0.1f, 0.999f, 0.001f, 0.03f, 1e-8f});
        }
        if (chance.once_in(2)) pictures = chance.pictures(static_cast<int>(indices.size()), Look::digits);
    }
    // Losses, hits, parameters, and the optimizer's memory, from the lab's parameters on.
    auto go(Session& session, const Lab& lab, const Question& interrupted = never) const {
        auto p = copy(lab.parameters);
        std::vector<Buffer<float>> memory(MOST_MEMORY);
        std::vector<float*> vectors;
        for (auto& vector : memory) vector = Buffer<float>(p.size()), vectors.push_back(vector.data());
        vectors.resize(rule.memory);
        StepResults took = session.advance(p.data(), vectors, {indices.data(), ends, pictures.empty() ? nullptr : pictures.data(), lab.epoch},
                                               rule, steps, interrupted);
        return std::tuple(took.losses, took.hits, std::move(p), std::move(memory[0]), std::move(memory[1]));
    }

    const Rule& rule;
    std::vector<int64_t> indices, ends;
    std::vector<Step> steps;
    Buffer<uint8_t> pictures;
};

// Returns how many steps were taken.
size_t test_advance(int count, const Rule& rule, float rate, Chance& chance) {
    Lab lab = random_lab(count, 3, chance);
    if (rate > 1) lab.shape.regularization.smoothing = 0;  // sums of losses are exact below 2^29, and each would be larger
    const Travel travel(lab, rule, rate, 5, chance);
    Session one = lab.session(*tested_paths().back(), 1);
    const auto expected = travel.go(one, lab);
    const size_t steps = std::get<0>(expected).size();
    in_all_ways(lab, [&](Session& session, const std::string& what) {
        CHECK(same_bits(travel.go(session, lab), expected), "%s, %zu steps of %s", what.c_str(), steps, rule.name);
    });
    const Buffer<float>& parameters = std::get<2>(expected);
    const float *begin = parameters.data(), *end = begin + parameters.size();
    const bool finite = std::all_of(begin, end, [](float p) { return std::isfinite(p); });
    CHECK(finite, "%s, steps of %s", lab.text().c_str(), rule.name);
    return steps;
}

template <typename Trouble, typename Work>
bool throws(Work work) {
    try {
        work();
    } catch (const Trouble&) {
        return true;
    }
    return false;
}

void test_what_ends_sums(Chance& chance) {
    for (const auto& hidden : {std::vector<int>{17}, {17, 9}}) {
        const Lab lab(1100, hidden, ACTIVATIONS[0], 10, chance);
        const Selection whole{nullptr, 0, lab.count};
        auto broken = copy(lab.parameters);
        broken[3] = std::numeric_limits<float>::quiet_NaN();
        Buffer<double> gradient(broken.size());
        in_all_ways(lab, [&](Session& session, const std::string& what) {
            const auto ask = [&](const Buffer<float>& parameters, bool interrupted) {
                session.sums(parameters.data(), whole, gradient.data(), [&] { return interrupted; });
            };
            const bool ended = throws<Interrupted>([&] { ask(lab.parameters, true); });  // while it makes the lists
            const auto before = sums(session, lab, whole);
            const bool ended_again = throws<Interrupted>([&] { ask(lab.parameters, true); });
            if (what.find("on 1 ") != what.npos)  // else the others may be faster
                CHECK(ended && ended_again, "%s: not interrupted", what.c_str());
            CHECK(throws<NotFinite>([&] { ask(broken, false); }), "%s: NaN was not noticed", what.c_str());
            CHECK(same_bits(before, sums(session, lab, whole)), "%s: other sums after what went wrong", what.c_str());
        });
    }
}

// Whenever the answer is yes, all workers must hear of it at the same step: else some would wait for the others for ever.
void test_what_ends_advance(Chance& chance) {
    for (const auto& hidden : {std::vector<int>{}, {1}, {33, 5}}) {
        const Lab lab(50, hidden, ACTIVATIONS[0], 10, chance);
        const Travel travel(lab, RULES[3], 0.01f, 40, chance);
        in_all_ways(lab, [&](Session& session, const std::string& what) {
            const auto before = travel.go(session, lab);
            for (int last = 1; last <= 40; ++last)
                CHECK(throws<Interrupted>([&] { travel.go(session, lab, [left = last]() mutable { return --left == 0; }); }),
                      "%s: not interrupted at step %d", what.c_str(), last);
            CHECK(same_bits(before, travel.go(session, lab)), "%s: other steps after an interrupted call", what.c_str());
        });
    }
}

void test_many_callers(Chance& chance) {
    const Lab lab(700, {17}, ACTIVATIONS[0], 10, chance);
    std::vector<int64_t> indices(lab.count);
    std::iota(indices.begin(), indices.end(), 0);
    in_all_ways(lab, [&](Session& session, const std::string& what) {
        std::vector<Result> results(4);
        std::vector<std::thread> callers;
        for (size_t i = 0; i < results.size(); ++i)
            callers.emplace_back([&, i] { results[i] = sums(session, lab, {i % 2 ? nullptr : indices.data(), 0, lab.count}); });
        for (auto& caller : callers) caller.join();
        for (const Result& result : results) CHECK(same_bits(results[0], result), "%s, many callers", what.c_str());
    });
}

}  // namespace

void test_sessions() {
    Chance chance(3);
    for (const int count : {1, 2, 15, 17, 100, 127, 128, 129, 511, 512, 513, 1100}) test_sums(count, chance);
    for (const int count : {1, 128, 300, 1000, 1300}) test_shards(count, chance);
    for (const Rule& rule : RULES)
        for (const int count : {1, 50, 600}) test_advance(count, rule, 0.01f, chance);
    size_t steps = 0;
    for (const Rule& rule : RULES) steps += test_advance(50, rule, 1e37f, chance);
    CHECK(steps < 5 * std::size(RULES), "no step was too large");
    test_what_ends_sums(chance);
    test_what_ends_advance(chance);
    test_many_callers(chance);
}

}  // namespace digitlab::tests
