# gnuplot -e "format='svg'" cost.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1100,960 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 11.00in,9.60in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1100,960 font "DejaVu Sans,11" }
set output "cost" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set logscale x
set ylabel "test accuracy, %"
set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05
set multiplot layout 2,2 margins screen 0.08,0.97,0.170,0.886 spacing screen 0.09,0.11 title "What one inference costs under Delphi: delphi" . "\n" . "[1] costs of a ReLU and of linear layers: Garimella et al., ASPLOS 2023 (ResNet18 on CIFAR-10, 557,056 ReLUs, client garbles)" . "\n" . "[2] CIFAR-10, resnet18 width=8; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images; schedules not the" . "\n" . "paper's" . "\n" . "[3] linear layers: scaled by multiply-accumulates from resnet18" noenhanced
unset key
set xlabel "online latency, s (logarithmic): ReLUs; ×: linear layers"
plot "cost.dat" index 0 using 2:1:8 with yerrorbars lc rgb "#0072b2" pt 7 dt 1 lw 1.5 ps 1.2 title "DeepReDuce [2]", \
     "cost.dat" index 0 using 3:1 with points lc rgb "#999999" pt 2 title "linear layers", \
     "cost.dat" index 1 using 2:1:8 with yerrorbars lc rgb "#d55e00" pt 5 dt 2 lw 1.5 ps 1.2 title "SENet post [2]", \
     "cost.dat" index 1 using 3:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 2 using 2:1:8 with yerrorbars lc rgb "#009e73" pt 9 dt 3 lw 1.5 ps 1.2 title "SENet pre [2]", \
     "cost.dat" index 2 using 3:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 3 using 2:1:8 with yerrorbars lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 ps 1.2 title "SENet pre from teacher [2]", \
     "cost.dat" index 3 using 3:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 4 using 2:1:8 with yerrorbars lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 ps 1.2 title "SENet++ pre [2]", \
     "cost.dat" index 4 using 3:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 5 using 2:1:8 with yerrorbars lc rgb "#e69f00" pt 15 dt 1 lw 1.5 ps 1.2 title "SNL [2]", \
     "cost.dat" index 5 using 3:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 6 using 2:1:8 with yerrorbars lc rgb "#000000" pt 3 dt 2 lw 1.5 ps 1.2 title "all ReLUs [2]", \
     "cost.dat" index 6 using 3:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 7 using 2:1:8 with yerrorbars lc rgb "#999999" pt 1 dt 3 lw 1.5 ps 1.2 title "channel pre [2]", \
     "cost.dat" index 7 using 3:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 8 using 2:1:8 with yerrorbars lc rgb "#0072b2" pt 5 dt 4 lw 1.5 ps 1.2 title "uniform pre [2]", \
     "cost.dat" index 8 using 3:1 with points lc rgb "#999999" pt 2 title ""
set xlabel "offline latency, s (logarithmic): ReLUs; ×: linear layers"
plot "cost.dat" index 0 using 4:1:8 with yerrorbars lc rgb "#0072b2" pt 7 dt 1 lw 1.5 ps 1.2 title "DeepReDuce [2]", \
     "cost.dat" index 0 using 5:1 with points lc rgb "#999999" pt 2 title "linear layers", \
     "cost.dat" index 1 using 4:1:8 with yerrorbars lc rgb "#d55e00" pt 5 dt 2 lw 1.5 ps 1.2 title "SENet post [2]", \
     "cost.dat" index 1 using 5:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 2 using 4:1:8 with yerrorbars lc rgb "#009e73" pt 9 dt 3 lw 1.5 ps 1.2 title "SENet pre [2]", \
     "cost.dat" index 2 using 5:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 3 using 4:1:8 with yerrorbars lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 ps 1.2 title "SENet pre from teacher [2]", \
     "cost.dat" index 3 using 5:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 4 using 4:1:8 with yerrorbars lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 ps 1.2 title "SENet++ pre [2]", \
     "cost.dat" index 4 using 5:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 5 using 4:1:8 with yerrorbars lc rgb "#e69f00" pt 15 dt 1 lw 1.5 ps 1.2 title "SNL [2]", \
     "cost.dat" index 5 using 5:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 6 using 4:1:8 with yerrorbars lc rgb "#000000" pt 3 dt 2 lw 1.5 ps 1.2 title "all ReLUs [2]", \
     "cost.dat" index 6 using 5:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 7 using 4:1:8 with yerrorbars lc rgb "#999999" pt 1 dt 3 lw 1.5 ps 1.2 title "channel pre [2]", \
     "cost.dat" index 7 using 5:1 with points lc rgb "#999999" pt 2 title "", \
     "cost.dat" index 8 using 4:1:8 with yerrorbars lc rgb "#0072b2" pt 5 dt 4 lw 1.5 ps 1.2 title "uniform pre [2]", \
     "cost.dat" index 8 using 5:1 with points lc rgb "#999999" pt 2 title ""
set xlabel "online communication of ReLUs, MB (logarithmic)"
plot "cost.dat" index 0 using 6:1:8 with yerrorbars lc rgb "#0072b2" pt 7 dt 1 lw 1.5 ps 1.2 title "DeepReDuce [2]", \
     "cost.dat" index 1 using 6:1:8 with yerrorbars lc rgb "#d55e00" pt 5 dt 2 lw 1.5 ps 1.2 title "SENet post [2]", \
     "cost.dat" index 2 using 6:1:8 with yerrorbars lc rgb "#009e73" pt 9 dt 3 lw 1.5 ps 1.2 title "SENet pre [2]", \
     "cost.dat" index 3 using 6:1:8 with yerrorbars lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 ps 1.2 title "SENet pre from teacher [2]", \
     "cost.dat" index 4 using 6:1:8 with yerrorbars lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 ps 1.2 title "SENet++ pre [2]", \
     "cost.dat" index 5 using 6:1:8 with yerrorbars lc rgb "#e69f00" pt 15 dt 1 lw 1.5 ps 1.2 title "SNL [2]", \
     "cost.dat" index 6 using 6:1:8 with yerrorbars lc rgb "#000000" pt 3 dt 2 lw 1.5 ps 1.2 title "all ReLUs [2]", \
     "cost.dat" index 7 using 6:1:8 with yerrorbars lc rgb "#999999" pt 1 dt 3 lw 1.5 ps 1.2 title "channel pre [2]", \
     "cost.dat" index 8 using 6:1:8 with yerrorbars lc rgb "#0072b2" pt 5 dt 4 lw 1.5 ps 1.2 title "uniform pre [2]"
set key at screen 0.5,0.01 bottom center vertical maxrows 5 noenhanced font ",9"
set xlabel "offline communication of ReLUs, MB (logarithmic)"
plot "cost.dat" index 0 using 7:1:8 with yerrorbars lc rgb "#0072b2" pt 7 dt 1 lw 1.5 ps 1.2 title "DeepReDuce [2]", \
     "cost.dat" index 1 using 7:1:8 with yerrorbars lc rgb "#d55e00" pt 5 dt 2 lw 1.5 ps 1.2 title "SENet post [2]", \
     "cost.dat" index 2 using 7:1:8 with yerrorbars lc rgb "#009e73" pt 9 dt 3 lw 1.5 ps 1.2 title "SENet pre [2]", \
     "cost.dat" index 3 using 7:1:8 with yerrorbars lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 ps 1.2 title "SENet pre from teacher [2]", \
     "cost.dat" index 4 using 7:1:8 with yerrorbars lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 ps 1.2 title "SENet++ pre [2]", \
     "cost.dat" index 5 using 7:1:8 with yerrorbars lc rgb "#e69f00" pt 15 dt 1 lw 1.5 ps 1.2 title "SNL [2]", \
     "cost.dat" index 6 using 7:1:8 with yerrorbars lc rgb "#000000" pt 3 dt 2 lw 1.5 ps 1.2 title "all ReLUs [2]", \
     "cost.dat" index 7 using 7:1:8 with yerrorbars lc rgb "#999999" pt 1 dt 3 lw 1.5 ps 1.2 title "channel pre [2]", \
     "cost.dat" index 8 using 7:1:8 with yerrorbars lc rgb "#0072b2" pt 5 dt 4 lw 1.5 ps 1.2 title "uniform pre [2]"
unset multiplot
unset output
