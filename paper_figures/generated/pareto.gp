# gnuplot -e "format='svg'" pareto.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1000,760 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 10.00in,7.60in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1000,760 font "DejaVu Sans,11" }
set output "pareto" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set title "Accuracy against ReLUs: measured on two cores, and published" noenhanced
set logscale x
set xlabel "ReLUs, thousands (logarithmic)"
set ylabel "test accuracy, %; bars: standard deviation over seeds"
set key bmargin center horizontal maxcols 2 font ",9"
set offsets graph 0.02, graph 0.02, graph 0.02, graph 0.02
plot "pareto.dat" index 0 using 1:2 with points lc rgb "#333333" pt 6 title "published: CryptoNAS nas, CIFAR-10", \
     "pareto.dat" index 1 using 1:2 with points lc rgb "#666666" pt 4 title "published: DeepReDuce resnet18, CIFAR-10", \
     "pareto.dat" index 2 using 1:2 with points lc rgb "#888888" pt 8 title "published: ReLUPruner resnet18, CIFAR-10", \
     "pareto.dat" index 3 using 1:2 with points lc rgb "#aaaaaa" pt 10 title "published: SENet resnet18, CIFAR-10", \
     "pareto.dat" index 4 using 1:2 with points lc rgb "#333333" pt 12 title "published: SENet resnet18?, CIFAR-10", \
     "pareto.dat" index 5 using 1:2 with points lc rgb "#666666" pt 14 title "published: SNL resnet18, CIFAR-10", \
     "pareto.dat" index 6 using 1:2 with points lc rgb "#888888" pt 1 title "published: SNL wrn22_8, CIFAR-10"
unset output
