# gnuplot -e "format='svg'" sensitivity.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1000,1640 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 10.00in,16.40in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1000,1640 font "DejaVu Sans,11" }
set output "sensitivity" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set multiplot layout 4,1 title "Sensitivity of each layer" . "\n" . "[1] CIFAR-10, resnet18 width=8; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images;" . "\n" . "schedules not the paper's" . "\n" . "[2] CIFAR-10, resnet18 width=16; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images;" . "\n" . "schedules not the paper's" noenhanced
set xtics rotate by 40 right noenhanced font ",9"
set key bmargin center horizontal font ",9"
set lmargin 11
set title "seed 1, d = 0.1 [1]" noenhanced
set ylabel "sensitivity, share"
set yrange [0:1.05]
set xrange [0.5:17.5]
plot "sensitivity.dat" index 0 using 1:3:xtic(2) with linespoints lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "pruning sensitivity", \
     "sensitivity.dat" index 0 using 1:4:xtic(2) with linespoints lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "ReLU sensitivity", \
     "sensitivity.dat" index 1 using 1:3 with lines lc rgb "#0072b2" dt 3 title "ReLU, over its largest", \
     "sensitivity.dat" index 1 using 1:4 with linespoints lc rgb "#000000" pt 3 dt 2 lw 1.5 title "over its largest: the authors' budgets for Tiny-ImageNet, width 64"
set title "seed 1, d = 0.1 [2]" noenhanced
set ylabel "sensitivity, share"
set yrange [0:1.05]
set xrange [0.5:17.5]
plot "sensitivity.dat" index 2 using 1:3:xtic(2) with linespoints lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "pruning sensitivity", \
     "sensitivity.dat" index 2 using 1:4:xtic(2) with linespoints lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "ReLU sensitivity", \
     "sensitivity.dat" index 3 using 1:3 with lines lc rgb "#0072b2" dt 3 title "ReLU, over its largest", \
     "sensitivity.dat" index 3 using 1:4 with linespoints lc rgb "#000000" pt 3 dt 2 lw 1.5 title "over its largest: the authors' budgets for Tiny-ImageNet, width 64"
set title "seed 1, d = 0.05 [2]" noenhanced
set ylabel "sensitivity, share"
set yrange [0:1.05]
set xrange [0.5:17.5]
plot "sensitivity.dat" index 4 using 1:3:xtic(2) with linespoints lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "pruning sensitivity", \
     "sensitivity.dat" index 4 using 1:4:xtic(2) with linespoints lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "ReLU sensitivity", \
     "sensitivity.dat" index 5 using 1:3 with lines lc rgb "#0072b2" dt 3 title "ReLU, over its largest", \
     "sensitivity.dat" index 5 using 1:4 with linespoints lc rgb "#000000" pt 3 dt 2 lw 1.5 title "over its largest: the authors' budgets for Tiny-ImageNet, width 64"
set title "DeepReDuce's criticality of each stage: [1], seed 1" noenhanced
set ylabel "100 × criticality"
set yrange [0:*]
set xtics norotate center
set xrange [0.5:4.5]
set boxwidth 0.5
set style fill solid 0.6
plot "sensitivity.dat" index 6 using 1:3:xtic(2) with boxes lc rgb "#0072b2" title "criticality"
unset multiplot
unset output
