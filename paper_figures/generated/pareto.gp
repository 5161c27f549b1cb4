# gnuplot -e "format='svg'" pareto.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1000,720 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 10.00in,7.20in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1000,720 font "DejaVu Sans,11" }
set output "pareto" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set title "Accuracy against ReLUs: measured on two cores, and published" . "\n" . "[1] CIFAR-10, resnet18 width=8; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images;" . "\n" . "schedules not the paper's" . "\n" . "[2] plot data of ajevnisek/selective_network_linearization @8b3c93d, *_results.py: second-hand" . "\n" . "[3] plot data of ajevnisek/selective_network_linearization @8b3c93d, series 'Our': SNL's code run again, or that repository's" . "\n" . "own method" . "\n" . "[4] published, where no other source is named: as collected by ReLUPruner (Li et al., AAAI 2026) from each method's paper;" . "\n" . "\"?\": which model is not certain" noenhanced
set logscale x
set xlabel "ReLUs, thousands (logarithmic)" offset 0,0.3
set ylabel "test accuracy, %; bars: standard deviation over seeds"
set key bmargin center horizontal maxcols 3 spacing 1.1 font ",9"
set offsets graph 0.02, graph 0.02, graph 0.02, graph 0.02
plot "pareto.dat" index 0 using 1:2:3 with yerrorlines lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "DeepReDuce [1]", \
     "pareto.dat" index 1 using 1:2:3 with yerrorlines lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "SENet post [1]", \
     "pareto.dat" index 2 using 1:2:3 with yerrorlines lc rgb "#009e73" pt 9 dt 3 lw 1.5 title "SENet pre [1]", \
     "pareto.dat" index 3 using 1:2:3 with yerrorlines lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 title "SENet pre from teacher [1]", \
     "pareto.dat" index 4 using 1:2:3 with yerrorlines lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 title "SENet++ pre [1]", \
     "pareto.dat" index 5 using 1:2:3 with yerrorlines lc rgb "#e69f00" pt 15 dt 1 lw 1.5 title "SNL [1]", \
     "pareto.dat" index 6 using 1:2:3 with yerrorlines lc rgb "#000000" pt 3 dt 2 lw 1.5 title "all ReLUs [1]", \
     "pareto.dat" index 7 using 1:2:3 with yerrorlines lc rgb "#999999" pt 1 dt 3 lw 1.5 title "channel pre [1]", \
     "pareto.dat" index 8 using 1:2:3 with yerrorlines lc rgb "#0072b2" pt 5 dt 4 lw 1.5 title "uniform pre [1]", \
     "pareto.dat" index 9 using 1:2 with points lc rgb "#333333" pt 6 title "published: CryptoNAS nas, CIFAR-10", \
     "pareto.dat" index 10 using 1:2 with points lc rgb "#666666" pt 4 title "published: CryptoNAS nas [2], CIFAR-10", \
     "pareto.dat" index 11 using 1:2 with points lc rgb "#888888" pt 8 title "published: DeepReDuce resnet18, CIFAR-10", \
     "pareto.dat" index 12 using 1:2 with points lc rgb "#aaaaaa" pt 10 title "published: DeepReDuce resnet18 [2], CIFAR-10", \
     "pareto.dat" index 13 using 1:2 with points lc rgb "#333333" pt 12 title "published: ReLUPruner resnet18, CIFAR-10", \
     "pareto.dat" index 14 using 1:2 with points lc rgb "#666666" pt 14 title "published: SENet resnet18, CIFAR-10", \
     "pareto.dat" index 15 using 1:2 with points lc rgb "#888888" pt 1 title "published: SENet resnet18?, CIFAR-10", \
     "pareto.dat" index 16 using 1:2 with points lc rgb "#aaaaaa" pt 2 title "published: SNL ? [2], CIFAR-10", \
     "pareto.dat" index 17 using 1:2 with points lc rgb "#333333" pt 6 title "published: SNL resnet18, CIFAR-10", \
     "pareto.dat" index 18 using 1:2 with points lc rgb "#666666" pt 4 title "published: SNL wrn22_8, CIFAR-10", \
     "pareto.dat" index 19 using 1:2 with points lc rgb "#888888" pt 8 title "published: series 'Our' ? [3], CIFAR-10"
unset output
