#include "app/run.hpp"

int main(int argc, char** argv) { return hongyan::app::run(argc, argv); }
