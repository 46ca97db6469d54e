// The module digitlab.engines._native: what engines/native.py, which checks everything first, hands over.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <optional>

#include "session.h"

namespace nb = nanobind;
using namespace digitlab;

template <typename T>
using Array = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

using Bytes = nb::ndarray<const uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

class PySession {
  public:
    PySession(Array<const uint8_t> images, Array<const uint8_t> labels, std::vector<int> sizes,
              const std::string& activation, int threads, const std::string& path, uint64_t seed, uint32_t dropped, float scale,
              double smoothing, double max_norm, int64_t first)
        : images_(images), labels_(labels) {
        const Kernels& kernels = find_kernels(path);
        const Shape shape{std::move(sizes), find_named(ACTIVATIONS, activation),
                          {seed, dropped, scale, smoothing, max_norm, first}};
        nb::gil_scoped_release release;
        session_.emplace(images_.data(), labels_.data(), static_cast<int64_t>(labels_.size()), shape, kernels, threads);
    }

    // A range of samples, or indices, of which `count` then is the number.
    std::pair<double, int64_t> sums(Array<const float> parameters, int64_t start, int64_t count,
                                    std::optional<Array<const int64_t>> indices, std::optional<Array<const uint8_t>> pictures,
                                    int64_t epoch, Array<double> gradient) {
        const Selection selection{indices ? indices->data() : nullptr, start, count, pictures ? pictures->data() : nullptr, epoch};
        Loss loss;
        guarded([&](const Question& interrupted) {
            loss = session_->sums(parameters.data(), selection, gradient.data(), interrupted);
        });
        return {loss.total, loss.hits};
    }

    // coefficients: (steps, as many as COEFFICIENTS)
    std::pair<std::vector<double>, std::vector<int64_t>> advance(
        Array<float> parameters, const std::vector<Array<float>>& memory, Array<const int64_t> indices,
        const std::vector<int64_t>& ends, std::optional<Array<const uint8_t>> pictures, int64_t epoch,
        const std::string& rule, Matrix coefficients) {
        if (coefficients.shape(0) != ends.size() || coefficients.shape(1) != std::size(COEFFICIENTS))
            throw nb::value_error("a step has other coefficients");
        std::vector<Step> steps(ends.size());
        const float* next = coefficients.data();
        for (Step& step : steps)
            for (const Coefficient& one : COEFFICIENTS) step.*one.number = *next++;
        std::vector<float*> kept;
        for (const auto& vector : memory) kept.push_back(vector.data());
        StepResults results;
        guarded([&](const Question& interrupted) {
            const Batches batches{indices.data(), ends, pictures ? pictures->data() : nullptr, epoch};
            results = session_->advance(parameters.data(), kept, batches, find_named(RULES, rule), steps, interrupted);
        });
        return {std::move(results.losses), std::move(results.hits)};
    }

  private:
    // Without the GIL; asks Python ten times a second whether Ctrl-C was pressed, and then raises as Python does.
    template <typename Work>
    void guarded(Work work) {
        using Clock = std::chrono::steady_clock;
        const auto pressed = [asked = Clock::now()]() mutable {
            if (Clock::now() - asked < std::chrono::milliseconds(100)) return false;
            asked = Clock::now();
            nb::gil_scoped_acquire gil;
            return PyErr_CheckSignals() != 0;
        };
        bool was_interrupted = false;
        {
            nb::gil_scoped_release release;
            try {
                work(pressed);
            } catch (const Interrupted&) {
                was_interrupted = true;
            }
        }
        if (was_interrupted) nb::raise_python_error();
    }

    Array<const uint8_t> images_, labels_;  // kept alive
    std::optional<Session> session_;
};

// rows: (N, sizeof(Drawn)), as bytes; smoothing: (28, 32)
void distort_pictures(Array<uint8_t> out, Array<const uint8_t> images, Bytes rows, Matrix smoothing, float strength,
                      int32_t noise, int threads, const std::string& path) {
    if (rows.shape(1) != sizeof(Drawn)) throw nb::value_error("a picture has another row");
    const Kernels& kernels = find_kernels(path);
    const auto* drawn = reinterpret_cast<const Drawn*>(rows.data());
    nb::gil_scoped_release release;
    distort(kernels, out.data(), images.data(), drawn, static_cast<int>(rows.shape(0)), {smoothing.data(), strength, noise},
            threads);
}

NB_MODULE(_native, m) {
    nb::set_leak_warnings(false);  // a training that still runs when Python ends is no leak
    m.attr("BLOCK") = BLOCK;
    m.attr("MAX_BATCH") = MAX_BATCH;
    m.attr("ACTIVATIONS") = names_of(ACTIVATIONS);
    m.attr("RULES") = names_of(RULES);
    m.attr("COEFFICIENTS") = names_of(COEFFICIENTS);
    m.def("compiled_paths", &available_paths);
    m.def("distort", &distort_pictures);
    nb::exception<NotFinite>(m, "NotFiniteError", PyExc_ArithmeticError);
    nb::class_<PySession>(m, "Compiled")
        .def(nb::init<Array<const uint8_t>, Array<const uint8_t>, std::vector<int>,
                      const std::string&, int, const std::string&, uint64_t, uint32_t, float, double, double, int64_t>())
        .def("sums", &PySession::sums)
        .def("advance", &PySession::advance);
}
