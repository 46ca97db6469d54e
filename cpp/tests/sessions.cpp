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

struct Data {
    Buffer<uint8_t> images, labels;
};

// Pictures with a bright middle and a dark rim, as digits have; or all pixels lit, or none.
Data random_digits(int count, int classes, Chance& chance) {
    Data data{Buffer<uint8_t>(static_cast<size_t>(count) * PIXELS), Buffer<uint8_t>(count)};
    const int kind = chance.below(6);
    for (int s = 0; s < count; ++s) {
        data.labels[s] = static_cast<uint8_t>(chance.below(classes));
        for (int p = 0; p < PIXELS; ++p) {
            const bool middle = p % 28 > 4 && p % 28 < 23 && p / 28 > 3 && p / 28 < 24;
            uint8_t value = middle && chance.once_in(3) ? static_cast<uint8_t>(chance.below(256)) : 0;
            if (kind == 0) value = 255;
            if (kind == 1) value = 0;
            data.images[static_cast<size_t>(s) * PIXELS + p] = value;
        }
    }
    return data;
}

Shape random_shape(int classes, Chance& chance) {
    Shape shape{{PIXELS}, ACTIVATIONS[chance.below(std::size(ACTIVATIONS))]};
    static constexpr int widths[] = {1, 5, 16, 17, 33, 64};
    for (int hidden = chance.below(4); hidden > 0; --hidden) shape.sizes.push_back(widths[chance.below(6)]);
    shape.sizes.push_back(classes);
    return shape;
}

struct Question {
    std::vector<int64_t> indices;  // empty: the range
    int64_t start, count;
    Selection selection() const {
        if (indices.empty()) return {nullptr, start, count};
        return {indices.data(), 0, static_cast<int64_t>(indices.size())};
    }
};

std::vector<Question> random_questions(int count, Chance& chance) {
    std::vector<int64_t> some(chance.between(1, 2 * count));
    for (auto& index : some) index = chance.below(count);
    const int start = chance.below(count);
    return {{{}, 0, count}, {{}, start, chance.between(0, count - start)}, {some, 0, 0}};
}

void test_sums(const std::string& path, int count, Chance& chance) {
    const int classes = chance.between(1, 20);
    const Data data = random_digits(count, classes, chance);
    const Shape shape = random_shape(classes, chance);
    const auto parameters = chance.floats(shape.parameter_count(), 0.1f);
    const auto questions = random_questions(count, chance);
    Session twin(data.images.data(), data.labels.data(), count, shape, find_kernels("portable"), 1);
    std::vector<Loss> answers;
    std::vector<Buffer<double>> gradients;
    for (const Question& question : questions) {
        gradients.emplace_back(shape.parameter_count());
        answers.push_back(twin.sums(parameters.data(), question.selection(), gradients.back().data(), never));
    }
    for (const int threads : {1, 2, 3}) {
        Session session(data.images.data(), data.labels.data(), count, shape, find_kernels(path), threads);
        for (size_t i = 0; i < questions.size(); ++i) {
            Buffer<double> gradient(shape.parameter_count());
            const Loss got = session.sums(parameters.data(), questions[i].selection(), gradient.data(), never);
            CHECK(got.total == answers[i].total && got.hits == answers[i].hits, "%s, %d threads, %d samples", path.c_str(),
                  threads, count);
            CHECK(same_bits(gradient, gradients[i]), "%s, %d threads, %d samples", path.c_str(), threads, count);
        }
    }
}

// Some random batches, and a step for each.
struct Travel {
    std::vector<int64_t> indices, ends;
    std::vector<Step> steps;
};

Travel random_travel(int count, float rate, Chance& chance) {
    Travel travel;
    for (int number = 0; number < 5; ++number) {
        const int size = chance.between(1, number == 0 ? MAX_BLOCK : 70);
        for (int i = 0; i < size; ++i) travel.indices.push_back(chance.below(count));
        travel.ends.push_back(static_cast<int64_t>(travel.indices.size()));
        travel.steps.push_back({rate, 1e-3f, 0.999f, 0.9f, 0.9f, 0.1f, 0.999f, 0.001f, 0.03f, 1e-8f});
    }
    return travel;
}

void test_advance(const std::string& path, int count, float rate, Chance& chance) {
    const int classes = chance.between(2, 20);
    const Data data = random_digits(count, classes, chance);
    const Shape shape = random_shape(classes, chance);
    const size_t size = shape.parameter_count();
    const Rule& rule = RULES[chance.below(std::size(RULES))];
    const Travel travel = random_travel(count, rate, chance);
    const auto begin = chance.floats(size, 0.1f);
    auto p = copy(begin);
    Buffer<float> m(size), v(size);
    const auto go = [&](Session& session, Buffer<float>& to, Buffer<float>& first, Buffer<float>& second) {
        std::vector<float*> memory{first.data(), second.data()};
        memory.resize(rule.memory);
        return session.advance(to.data(), memory, {travel.indices.data(), travel.ends}, rule, travel.steps, never);
    };
    Session twin(data.images.data(), data.labels.data(), count, shape, find_kernels("portable"), 1);
    const StepResults expected = go(twin, p, m, v);
    for (const int threads : {1, 2, 3}) {
        Session session(data.images.data(), data.labels.data(), count, shape, find_kernels(path), threads);
        auto p_too = copy(begin);
        Buffer<float> m_too(size), v_too(size);
        const StepResults got = go(session, p_too, m_too, v_too);
        CHECK(got.losses == expected.losses && got.hits == expected.hits, "%s, %d threads: %zu steps, not %zu", path.c_str(),
              threads, got.losses.size(), expected.losses.size());
        CHECK(same_bits(p, p_too) && same_bits(m, m_too) && same_bits(v, v_too), "%s, %d threads", path.c_str(), threads);
    }
}

template <typename Trouble>
bool throws(Session& session, const Buffer<float>& parameters, bool interrupted) {
    Buffer<double> gradient(parameters.size());
    try {
        session.sums(parameters.data(), {nullptr, 0, session.count()}, gradient.data(), [&] { return interrupted; });
    } catch (const Trouble&) {
        return true;
    }
    return false;
}

void test_what_ends_a_call(const std::string& path, int threads) {
    Chance chance(5);
    const int count = 2000;
    const Data data = random_digits(count, 10, chance);
    for (const auto& sizes : {std::vector<int>{PIXELS, 17, 10}, {PIXELS, 17, 9, 10}}) {
        const Shape shape{sizes, find_named(ACTIVATIONS, "sigmoid")};
        Session session(data.images.data(), data.labels.data(), count, shape, find_kernels(path), threads);
        auto parameters = chance.floats(shape.parameter_count(), 0.1f);
        Buffer<double> before(shape.parameter_count()), after(shape.parameter_count());
        session.sums(parameters.data(), {nullptr, 0, count}, before.data(), never);
        const bool ended = throws<Interrupted>(session, parameters, true);
        if (threads == 1) CHECK(ended, "%s: not interrupted", path.c_str());  // else the others may be faster
        const float kept = parameters[3];
        parameters[3] = std::numeric_limits<float>::quiet_NaN();
        CHECK(throws<NotFinite>(session, parameters, false), "%s: NaN was not noticed", path.c_str());
        parameters[3] = kept;
        session.sums(parameters.data(), {nullptr, 0, count}, after.data(), never);
        CHECK(same_bits(before, after), "%s: other sums after what went wrong", path.c_str());
    }
}

void test_many_callers(const std::string& path) {
    Chance chance(6);
    const int count = 700;
    const Data data = random_digits(count, 10, chance);
    const Shape shape{{PIXELS, 17, 10}, find_named(ACTIVATIONS, "sigmoid")};
    const auto parameters = chance.floats(shape.parameter_count(), 0.1f);
    Session session(data.images.data(), data.labels.data(), count, shape, find_kernels(path), 2);
    std::vector<Buffer<double>> gradients;
    for (int i = 0; i < 4; ++i) gradients.emplace_back(shape.parameter_count());
    std::vector<int64_t> indices(count);
    std::iota(indices.begin(), indices.end(), 0);
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i)
        callers.emplace_back([&, i] {
            const Selection selection = i % 2 ? Selection{nullptr, 0, count} : Selection{indices.data(), 0, count};
            session.sums(parameters.data(), selection, gradients[i].data(), never);
        });
    for (auto& caller : callers) caller.join();
    for (int i = 1; i < 4; ++i) CHECK(same_bits(gradients[0], gradients[i]), "%s, caller %d", path.c_str(), i);
}

}  // namespace

void test_sessions(const std::string& path) {
    Chance chance(3);
    for (const int count : {1, 2, 15, 16, 17, 63, 64, 65, 100, 511, 512, 513, 1100}) test_sums(path, count, chance);
    for (const int count : {1, 17, 100, 600}) test_advance(path, count, 0.01f, chance);
    for (int round = 0; round < 6; ++round) test_advance(path, 50, 0.01f, chance);
    for (int round = 0; round < 3; ++round) test_advance(path, 50, 1e37f, chance);  // diverges on the way
    test_what_ends_a_call(path, 1);
    test_what_ends_a_call(path, 3);
    test_many_callers(path);
}

}  // namespace digitlab::tests
