// The module digitlab.engines._native: what engines/native.py, which checks everything first, hands over.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <optional>

#include "session.h"

namespace nb = nanobind;
using namespace digitlab;

template <typename T>
using Array = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// Asks Python ten times a second whether Ctrl-C was pressed.
class Ctrl_C {
  public:
    bool operator()() {
        const auto now = std::chrono::steady_clock::now();
        if (now - asked_ < std::chrono::milliseconds(100)) return false;
        asked_ = now;
        nb::gil_scoped_acquire gil;
        return PyErr_CheckSignals() != 0;
    }

  private:
    std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
};

class PySession {
  public:
    PySession(Array<const uint8_t> images, Array<const uint8_t> labels, std::vector<int> sizes, int activation,
              int threads, const std::string& path)
        : images_(images), labels_(labels) {
        const Kernels* kernels = find_kernels(path);
        if (!kernels) throw nb::value_error("no such path");
        const Shape shape{std::move(sizes), static_cast<Activation>(activation)};
        nb::gil_scoped_release release;
        session_.emplace(images_.data(), labels_.data(), static_cast<int64_t>(labels_.size()), shape, *kernels, threads);
    }

    std::pair<double, int64_t> sums(Array<const float> parameters, int64_t start, int64_t count, Array<double> gradient) {
        return ask(parameters, {nullptr, start, count}, gradient);
    }

    std::pair<double, int64_t> sums_of(Array<const float> parameters, Array<const int64_t> indices, Array<double> gradient) {
        return ask(parameters, {indices.data(), 0, static_cast<int64_t>(indices.size())}, gradient);
    }

    // steps: (steps, 10) numbers in the order of struct Step, from `rate` on
    std::tuple<int, std::vector<double>, std::vector<int64_t>> advance(Array<float> parameters, Array<float> first,
                                                                       Array<float> second, Array<const int64_t> indices,
                                                                       std::vector<int64_t> ends, int rule, Matrix steps) {
        std::vector<Step> all(ends.size());
        for (size_t i = 0; i < ends.size(); ++i) {
            const float* s = steps.data() + i * steps.shape(1);
            all[i] = {static_cast<Rule>(rule), s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9]};
        }
        Journey journey;
        guarded([&](const std::function<bool()>& interrupted) {
            journey = session_->advance(parameters.data(), first.size() ? first.data() : nullptr,
                                        second.size() ? second.data() : nullptr, indices.data(), ends, all, interrupted);
        });
        return {journey.done, std::move(journey.losses), std::move(journey.hits)};
    }

  private:
    std::pair<double, int64_t> ask(Array<const float> parameters, Selection selection, Array<double> gradient) {
        Answer answer;
        guarded([&](const std::function<bool()>& interrupted) {
            answer = session_->sums(parameters.data(), selection, gradient.data(), interrupted);
        });
        return {answer.loss, answer.hits};
    }

    // Without the GIL; Ctrl-C is raised as Python does it.
    template <typename Work>
    void guarded(Work work) {
        bool was_interrupted = false;
        {
            nb::gil_scoped_release release;
            try {
                work(Ctrl_C());
            } catch (const Interrupted&) {
                was_interrupted = true;
            }
        }
        if (was_interrupted) nb::raise_python_error();
    }

    Array<const uint8_t> images_, labels_;  // kept alive
    std::optional<Session> session_;
};

NB_MODULE(_native, m) {
    nb::set_leak_warnings(false);  // a training that still runs when Python ends is no leak
    m.attr("MAX_BLOCK") = MAX_BLOCK;
    m.def("compiled_paths", &available_paths);
    nb::exception<NotFinite>(m, "NotFiniteError", PyExc_ArithmeticError);
    nb::class_<PySession>(m, "Compiled")
        .def(nb::init<Array<const uint8_t>, Array<const uint8_t>, std::vector<int>, int, int, const std::string&>())
        .def("sums", &PySession::sums)
        .def("sums_of", &PySession::sums_of)
        .def("advance", &PySession::advance);
}
